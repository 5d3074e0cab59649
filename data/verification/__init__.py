"""Verifies a folder in BRISC layout: every finding at once, each file read once."""
