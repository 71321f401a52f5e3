"""What this visitor looks at: the one door to `st.session_state` and `st.query_params`."""
