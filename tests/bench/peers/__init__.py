"""What users would use instead, in an environment of its own: requirements/bench.in."""
