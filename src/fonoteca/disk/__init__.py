"""The only door to local file systems. Everything that touches one goes through `disk/calls.py`: the seam for
faults."""
