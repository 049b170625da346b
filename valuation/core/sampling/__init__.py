"""How coalitions and orders are drawn, and in which order groups stand."""
