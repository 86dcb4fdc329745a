"""Old tags on their way back into a file: what is to be done, and what was written beside it."""
