"""Audio properties of each family: what the container declares of its sound."""
