"""Looking into files: tags, sound and their own checks, and what a difference means."""
