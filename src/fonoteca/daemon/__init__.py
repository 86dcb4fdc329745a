"""The one loop that watches, schedules, catches up and says so. Decides with `core/`, works with `tasks/`."""
