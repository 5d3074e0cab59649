"""A run in steps, each a process of its own: prepare, run each node, finish."""
