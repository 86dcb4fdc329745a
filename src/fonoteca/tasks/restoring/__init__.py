"""Bringing music back into a folder: from which copies, as it was when, and over what stands there."""
