"""What is decided here is decided from values alone: no files, no clock, no threads, no network, no database."""
