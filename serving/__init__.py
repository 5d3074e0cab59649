"""Stage 4, serving: the saved model's signatures and how it is asked."""

import os

# As in trainer/__init__.py: a model is asked as fast as it was trained.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
