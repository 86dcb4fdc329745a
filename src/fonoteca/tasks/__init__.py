"""What fonoteca does. Each task is a generator of `core.event` values: the caller counts, prints and stops."""
