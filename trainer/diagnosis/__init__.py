"""What a finished run is measured by, what may be concluded from it, and what can be done."""
