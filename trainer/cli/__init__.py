"""What can be typed: one file a group of commands, each a thin layer over the packages below."""
