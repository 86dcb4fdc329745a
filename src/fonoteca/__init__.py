"""fonoteca keeps one person's own music safe: checksummed, tagged, copied to several places, verified."""

__version__ = "0.1.0"
