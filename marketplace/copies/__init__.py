"""Which rows of two files are copies: pure functions over arrays, without Django. See docs/algorithms/copies.md.

Import the modules below inside functions at the edges: numpy and scipy stay out of the processes that only serve pages.
"""
