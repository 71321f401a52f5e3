"""What is where in latent space?"""
