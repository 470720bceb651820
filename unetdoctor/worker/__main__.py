"""`python -P -m unetdoctor.worker SCRATCH`: the child's entrance; not meant for people."""

import sys

from unetdoctor.worker.child import main

if __name__ == "__main__":
    main(sys.argv[-1])
