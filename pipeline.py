"""``python pipeline.py …`` is ``brisc run …``.

Nothing can import this script: the package ``pipeline`` beside it has its name.
"""

import sys

from pipeline.cli.main import main

if __name__ == "__main__":
    main(["run", *sys.argv[1:]])
