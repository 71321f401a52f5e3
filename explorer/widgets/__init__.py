"""What several pages put on the screen."""
