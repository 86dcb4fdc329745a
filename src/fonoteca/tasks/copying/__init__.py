"""Bringing files to every location at once: read once, judged, staged, proven, published, sealed, recorded."""
