"""Looking at a person's own music folders. Never writes into them, never parses what is inside a file."""
