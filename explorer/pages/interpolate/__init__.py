"""What lies between pictures, and what can be added to them."""
