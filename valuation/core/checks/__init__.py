"""What is tried before and beside a valuation: the dry run, and whether labels agree with the buyer."""
