"""Errors of estimates: few draws, the validation rows as a sample, what rounding leaves."""
