"""Estimators by family: one module each."""
