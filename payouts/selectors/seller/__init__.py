"""What sellers read: results, rows, statements."""
