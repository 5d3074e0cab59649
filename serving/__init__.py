"""Stage 4, serving: the saved model's signatures and how it is asked."""
