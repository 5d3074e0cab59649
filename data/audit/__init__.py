"""Finds copies, label conflicts and shortcuts in a folder, and what they make a score worth."""
