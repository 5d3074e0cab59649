"""The runs of a workspace: what they were, how they differ, and what of them may go."""
