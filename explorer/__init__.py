"""What a person sees and touches: the Streamlit app and the live latent surface."""
