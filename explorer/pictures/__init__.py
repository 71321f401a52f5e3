"""Pictures in, arrays and figures out, files out. Knows no Streamlit, no Plotly, no torch."""
