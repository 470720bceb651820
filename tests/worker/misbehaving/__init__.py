"""Models that misbehave, each in a table with the verdict that it gets; all of our own writing.

`test_misbehaving` runs them through `unetdoctor inspect` with an entry that knows nothing of torch, and a few as
networks through the whole examination; `python -m tests.worker.misbehaving --out FILE` runs every one as a network.
"""

from tests.worker.misbehaving.case import Case
from tests.worker.misbehaving.ends import ENDS
from tests.worker.misbehaving.loops import LOOPS
from tests.worker.misbehaving.messages import MESSAGES
from tests.worker.misbehaving.processes import PIPES, PROCESSES
from tests.worker.misbehaving.surroundings import SURROUNDINGS

CASES: tuple[Case, ...] = (*ENDS, *LOOPS, *SURROUNDINGS, *PROCESSES, *PIPES, *MESSAGES)
