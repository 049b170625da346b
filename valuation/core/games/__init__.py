"""Games: whose rows are players, what a coalition is worth, games with known values, rows that attacks bring."""
