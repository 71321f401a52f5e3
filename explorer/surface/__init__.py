"""The live latent surface: what the browser is given (`payload`) and its Streamlit binding (`component`)."""
