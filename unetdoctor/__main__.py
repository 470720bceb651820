"""`python -m unetdoctor`."""

import sys

from unetdoctor.cli import main

if __name__ == "__main__":
    sys.exit(main())
