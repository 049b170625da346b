"""Rounds as operators review, approve and watch them."""
