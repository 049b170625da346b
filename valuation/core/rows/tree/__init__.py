"""The hierarchy of HCDV: clusters of rows of like size, level by level."""
