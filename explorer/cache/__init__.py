"""What is kept in memory for all visitors: the one user of `st.cache_*`.

Keys are a run's name and the stamp of its `run.json`, never arrays: Streamlit hashes only a sample of large ones. What comes out is shared,
so it is read-only.
"""
