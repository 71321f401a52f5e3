"""What runs while the page goes on."""
