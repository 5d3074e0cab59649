"""The whole pipeline as a user runs it; slow, and on both stacks."""
