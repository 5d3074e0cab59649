"""Fetches the real BRISC: from where it is published, checked, all of it or nothing."""
