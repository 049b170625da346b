"""Version 1 of the accounting API."""
