"""The ``brisc`` command as another process can start it."""

import sys

COMMAND = (sys.executable, "-c", "from pipeline.cli.main import main; main()")
"""Works whether or not a script of that name is on the path."""
