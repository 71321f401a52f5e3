"""What the explorer computes without a page: pictures in and files out. Knows no Streamlit, no Plotly, no torch."""
