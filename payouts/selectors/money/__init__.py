"""Money as it is read: balances, lines, payments, owners, payout details."""
