"""The ground under libraries and locations: found, marked, opened, bound anew."""
