"""The audit report of a round, part by part, and its attacks."""
