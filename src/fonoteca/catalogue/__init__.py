"""Our memory of the archive: one SQLite file, one writer, any number of readers that are never blocked."""
