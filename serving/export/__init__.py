"""Writes the network of a saved model for other runtimes."""
