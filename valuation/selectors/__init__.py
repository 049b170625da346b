"""What valuing has found, read by pages, payouts and exports; nothing here writes."""
