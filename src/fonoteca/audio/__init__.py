"""Audio files: tags, pictures and properties, read in processes that can be killed.

A newcomer reads: `model` (what comes out) → `worker` (how jobs go in and results come out) → `task` (one
file, inside the worker process) → `read` (which reader for which bytes) → `tags/`, `properties/` (one module
a family).
"""
