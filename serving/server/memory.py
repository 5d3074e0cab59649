"""Gives the memory of what is no longer served back to the system."""

from __future__ import annotations

import ctypes
import gc


def give_back() -> None:
    """Frees a graph that was dropped, and what the allocator kept of it.

    A graph is full of cycles, which Python collects when it has made enough new objects: a server
    makes few, and kept some 60 MiB of each version that it had served.
    """
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
