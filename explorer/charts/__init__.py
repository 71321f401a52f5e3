"""Arrays in, a Plotly figure out; no more than positions is computed."""
