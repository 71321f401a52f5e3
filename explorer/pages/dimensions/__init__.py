"""Did dimensions collapse, does it matter, why, and what can be done?"""
