"""How runs, images and texts that are not ours are told. Knows no Streamlit, no Plotly, no torch."""
