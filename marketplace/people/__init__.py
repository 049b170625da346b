"""Who signs in, who may do what, and the second factor."""
