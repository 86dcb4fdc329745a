"""The config: what a person wrote, read whole, with everything wrong in it said at once and by line."""
