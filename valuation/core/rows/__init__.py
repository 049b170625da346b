"""Hierarchical contrastive data valuation: balanced clusters of an embedding, and local games down their tree."""
