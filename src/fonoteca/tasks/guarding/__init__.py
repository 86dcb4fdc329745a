"""Holds: what waits for a person's word before it leaves a library, and how that is put back."""
