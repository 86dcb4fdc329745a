"""What a location says it holds: numbered segments of JSON lines, readable without us (docs/format.md)."""
