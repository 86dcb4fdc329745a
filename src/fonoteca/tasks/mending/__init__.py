"""Putting recorded bytes back from a good copy."""
