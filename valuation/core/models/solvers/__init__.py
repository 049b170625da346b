"""Solvers of the batched models: many small convex problems at once."""
