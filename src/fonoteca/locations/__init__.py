"""Places that hold copies. `base` is the contract; only `LocationError`s cross its border."""
