"""``python app.py …`` is ``brisc app …``."""

import sys

from pipeline.cli.main import main

if __name__ == "__main__":
    main(["app", *sys.argv[1:]])
