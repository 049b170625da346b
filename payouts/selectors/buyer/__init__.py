"""What buyers read of a settled round."""
