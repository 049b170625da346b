"""The eight colours of sellers and series, named in the stylesheet and repeated here for pictures without one."""

# Light values of --chart-1 to --chart-8 in faircut.css. Tests keep them equal, and compute their contrast and how far
# apart they are for colour-blind eyes.
LIGHT = ("#1f6bd6", "#e2571e", "#0a6130", "#cf3fa0", "#5a189a", "#8c8367", "#6b2a45", "#193469")
INK = "#182123"
INK_QUIET = "#445256"
LINE = "#d3dbdc"
CONTROL = "#657478"
# Colour is never the only sign: lines differ in their dashes, points in their shapes.
DASHES = ("solid", "dash", "dot", "dashdot")
MARKERS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "cross", "x", "star")


def place(index: int) -> int:
    """The colour's place for the series or seller at this index: the ninth shares the first one's."""
    return index % len(LIGHT)
