"""The sound inside a file: its payload digest and the format's own checks, one module a container family."""
