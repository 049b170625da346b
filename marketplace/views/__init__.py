"""The marketplace's pages: each parses, authorises, calls one service or selector, and renders."""
