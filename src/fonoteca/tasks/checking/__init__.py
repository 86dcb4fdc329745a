"""Reading again what stands, at locations and in libraries, and holding it against what was recorded."""
