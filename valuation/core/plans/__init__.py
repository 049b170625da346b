"""Work as blocks: what a block, its result and a plan are, plans one after another, where results are kept."""
