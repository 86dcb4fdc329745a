"""A location beyond whatever the user's own `rclone` program reaches."""
