"""The process boundary: run an entry function in a child process that may do anything, and always get an answer.

A model is a program. It may crash, hang, flood the terminal, eat the memory, leave with `os._exit(0)` or start
processes of its own. `supervise` runs `"package.module:function"` in a fresh interpreter and comes back with an
`Outcome`: the result, or a `Failure` that names the stage, the file and the line; in either case with everything that
the child had already reported, and with nothing of it left running.

How the room is laid out, from the wire upwards:

| module | holds |
|---|---|
| `outcome` | what flows: Budget, Event, Failure, Outcome |
| `frames` | length + JSON frames with number and token; a reader that never trusts its peer |
| `scratch` | the private directory: request, raw files with size and hash, removal, sweep of abandoned ones |
| `places` | from a traceback or a dump of stacks to the user's own file and line |
| `capture` | the user's output, head and tail |
| `environment` | the variables that may pass |
| `limits`, `landlock` | what the child takes from itself before foreign code runs |
| `processes`, `memory` | the process tree as /proc shows it, adoption of orphans, the final sweep; memory limits |
| `pipes`, `interrupts` | waiting for everything at once; two-step Ctrl-C |
| `verdicts` | from what was seen to one sentence |
| `launch`, `supervision`, `parent` | the parent's end: start, listen and keep limits, end and conclude |
| `child`, `channel` | the child's end, and what the entry function holds in its hand |

Invariants. The parent never imports torch, and nothing here knows of models, checks or tensors. Nothing is pickled in
either direction. No result frame is a failure, whatever the exit status was. Nothing waits without a limit. What was
enforced and what was not is a list of sentences in every outcome; where Linux is absent, the standard library does
what it can and the lists say so.

This is a boundary against accidents, not a wall against an attacker: the child reads what its user may read, and code
in the child's own process could forge a frame. Known gaps: scratch as a whole has no size limit (each file has);
where the parent itself is killed, the child dies with it, but processes that had left the child's session live on;
without /proc (macOS, Windows) such processes are not found at all, and memory is not watched.
"""

from unetdoctor.worker.channel import Channel, UserCodeError
from unetdoctor.worker.outcome import Budget, Event, Failure, Outcome, read_raw
from unetdoctor.worker.parent import supervise
from unetdoctor.worker.scratch import RawFileError

__all__ = [
    "Budget",
    "Channel",
    "Event",
    "Failure",
    "Outcome",
    "RawFileError",
    "UserCodeError",
    "read_raw",
    "supervise",
]
