"""Metrics: what a trained model scores on the validation rows, as a whole and row by row."""
