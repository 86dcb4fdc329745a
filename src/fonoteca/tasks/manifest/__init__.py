"""A location's own memory: reading and believing its chains, sealing what a run did, completing what one left."""
