"""How probable a picture is under what a decoder says: one class a likelihood and engine."""
