"""How do runs differ?"""
