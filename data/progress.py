"""The logger on which long work says how far it is; a terminal shows its latest message."""

from __future__ import annotations

import logging

progress = logging.getLogger("brisc.progress")
# In a log it would be a line a step.
progress.propagate = False
