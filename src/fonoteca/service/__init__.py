"""Being started at boot and kept alive by systemd: the unit's text, and putting it in its place."""
