"""Faithful Group Shapley Value (Lee et al. 2025, arXiv:2505.19013)."""
