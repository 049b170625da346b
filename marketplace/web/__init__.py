"""What every request passes, and what workers share: ids, cache, addresses, static files, tasks."""
