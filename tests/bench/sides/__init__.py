"""Ours: each module is a process that times itself when it is asked to."""
