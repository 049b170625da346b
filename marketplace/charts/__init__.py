"""Charts: described once, drawn as static SVG and, on pages, by plotly.js."""
