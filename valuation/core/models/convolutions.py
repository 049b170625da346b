"""The shape of convolutions, which their weights and their training must agree on."""

# Pixels a side of a kernel, and cells a side to which the last maps are averaged.
KERNEL = 3
CELLS = 4
