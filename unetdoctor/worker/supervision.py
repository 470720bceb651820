"""One supervised run while it lasts: what has arrived, what is due, and how to stop it."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from typing import Any

from unetdoctor.worker import memory, pipes, scratch, verdicts
from unetdoctor.worker.capture import BoundedLog
from unetdoctor.worker.channel import EXIT_PIPE_GONE
from unetdoctor.worker.frames import FrameReader, ProtocolError
from unetdoctor.worker.interrupts import Interrupts
from unetdoctor.worker.launch import Launched
from unetdoctor.worker.outcome import Budget, Event, Failure

TICK_S = 0.1
"""How often memory is looked at, and at every third time who the descendants are."""
LOOKS_PER_REFRESH = 3
FAREWELL_S = 2.0
"""How long a child may take to leave after its last frame."""
STACK_S = 1.0
"""How long a child that is out of time may take to dump its stack."""
MEMORY_STACK_S = 0.2
"""The same for one that is out of memory: it goes on growing meanwhile."""
SETTLED_S = 0.03
"""A dump that has not grown for this long is complete."""
DRAIN_S = 0.5
STAGE_CHARACTERS = 200


class Supervision:
    """Everything the parent knows about a running child."""

    def __init__(
        self,
        launched: Launched,
        budget: Budget,
        begun: float,
        interrupts: Interrupts,
        on_event: Callable[[Event], None] | None,
    ) -> None:
        """Listen to a child that was just started; raises OSError where descriptors are exhausted."""
        self.launched, self.budget, self.interrupts, self._on_event = launched, budget, interrupts, on_event
        self._begun = self._stage_begun = begun
        self._looked, self._looks = 0.0, 0
        self._kills_before = memory.kills_so_far()
        self._reader = FrameReader(launched.token, budget.frame_bytes)
        self._frames, self._output = pipes.Source(launched.frames), pipes.Source(launched.output)
        self._waiter = pipes.Waiter(launched.process.pid, interrupts.wake, [self._frames, self._output])
        self.watches_death = self._waiter.pidfd >= 0
        self.log = BoundedLog(budget.log_bytes)
        self.stage = "start"
        self.partials: list[Event] = []
        self.enforced: list[str] = []
        self.not_enforced: list[str] = []
        self.result: dict[str, Any] | None = None
        self._error: dict[str, Any] | None = None
        self._stopped: Failure | None = None
        self._greeted = self._ended = False
        self._too_late = False  # a last word is not accepted any more
        self._dump = ""

    def listen(self) -> None:
        """Return when the child has ended, has said its last word and had time to leave, or must be stopped."""
        deadline = float("inf")
        while not self._ended and self._stopped is None and time.monotonic() < deadline:
            self._pass(TICK_S)
            if self._said_last_word():
                deadline = min(deadline, time.monotonic() + FAREWELL_S)
            elif self._stopped is None and not self._ended:
                self._stopped = self._due()

    def failure(self) -> Failure:
        """Say why there is no result; call it when the child is gone."""
        if self._stopped is not None:
            return self._stopped
        if self._error is not None:
            fenced = any("Landlock" in phrase for phrase in self.enforced)
            return verdicts.raised(self._error, self.stage, fenced)
        if self._reader.pending:
            return verdicts.protocol(self.stage, f"{self._reader.pending} bytes of a frame and then the end")
        status = self.launched.process.returncode or 0
        if not self._greeted:
            return verdicts.not_started(verdicts.status_in_words(status), self.log.text())
        if status == EXIT_PIPE_GONE:
            return verdicts.pipe_gone(self.stage)
        starved = memory.kills_so_far() > self._kills_before
        return verdicts.ended(self.stage, status, self._dump, starved)

    def kill(self) -> None:
        """End the child and its session at once; what has left the session is for the sweep."""
        if self.watches_death:
            self._signal(signal.SIGKILL)
        else:
            self.launched.process.kill()
        if os.name == "posix":
            with contextlib.suppress(OSError):
                os.killpg(self.launched.process.pid, signal.SIGKILL)

    def drain(self) -> None:
        """Read what was written before the end, for a bounded time: a process that would not die could go on."""
        deadline = time.monotonic() + DRAIN_S
        while (self._frames.open or self._output.open) and time.monotonic() < deadline:
            if not self._take_frames() + self._take_output():
                if not pipes.PUMP:
                    return
                time.sleep(0.005)

    def close(self) -> None:
        """Keep the dumps and close all descriptors."""
        self._dump = scratch.read_stack(self.launched.stack)
        with contextlib.suppress(OSError):
            os.close(self.launched.stack)
        self._waiter.close()
        self._frames.close()
        self._output.close()

    def _said_last_word(self) -> bool:
        return self.result is not None or self._error is not None

    def _pass(self, seconds: float) -> None:
        """Wait once and take what is there."""
        try:
            died = self._waiter.wait(seconds)
        except OSError as error:
            self._stopped = self._stopped or verdicts.unheard(self.stage, str(error.strerror))
            return
        self._take_frames()
        self._take_output()
        self._ended = died or (not self.watches_death and self.launched.process.poll() is not None)

    def _take_output(self) -> int:
        data = self._output.read()
        self.log.add(data)
        return len(data)

    def _take_frames(self) -> int:
        data = self._frames.read()
        if self._said_last_word() or (self._stopped is not None and self._stopped.kind == "protocol"):
            return len(data)
        try:
            for event in self._reader.feed(data):
                self._accept(event)
                if self._said_last_word():
                    break
        except ProtocolError as error:
            self._stopped = verdicts.protocol(self.stage, str(error))
        return len(data)

    def _accept(self, event: Event) -> None:
        payload = event.payload
        if event.kind in {"hello", "limits"}:
            self._greeted = True
            self.enforced += _strings(payload.get("enforced"))
            self.not_enforced += _strings(payload.get("not_enforced"))
        elif event.kind in {"result", "error"}:
            if self._too_late or self._stopped is not None:
                return
            if event.kind == "result":
                self.result = payload
            else:
                self._error = payload
        else:
            if event.kind == "stage":
                self.stage = str(payload.get("name"))[:STAGE_CHARACTERS]
                self._stage_begun = time.monotonic()
            elif event.kind == "partial":
                self.partials.append(event)
            if self._on_event is not None:
                self._on_event(event)

    def _due(self) -> Failure | None:
        """Return the reason to stop the child now, if there is one."""
        now = time.monotonic()
        if self.interrupts.signal:
            return verdicts.interrupted(self.stage, self.interrupts.signal)
        stage, limit = self.stage, self.budget.limit_s(self.stage)
        whole = now - self._begun > self.budget.total_s
        if whole or now - self._stage_begun > limit:
            return verdicts.timeout(stage, self.budget.total_s if whole else limit, whole, self._ask_stack(STACK_S))
        if now - self._looked > TICK_S:
            self._looked = now
            return self._look_at_memory()
        return None

    def _look_at_memory(self) -> Failure | None:
        limit = self.launched.memory_limit
        if limit is None:
            return None
        if self._looks % LOOKS_PER_REFRESH == 0:
            self.launched.tree.refresh()
        self._looks += 1
        used = self.launched.tree.memory_bytes(limit)
        if used <= limit:
            return None
        return verdicts.memory(self.stage, used, limit, self._ask_stack(MEMORY_STACK_S))

    def _ask_stack(self, seconds: float) -> str:
        """Have the child dump its Python stacks; faulthandler does so inside a loop of C++ code as well."""
        self._too_late = True
        if os.name != "posix":
            return ""
        before = size = scratch.stack_size(self.launched.stack)
        self._signal(signal.SIGUSR1)
        self._signal(signal.SIGCONT)
        deadline = grown = time.monotonic() + seconds
        while not self._ended and time.monotonic() < min(deadline, grown + SETTLED_S):
            self._pass(SETTLED_S / 3)
            now = scratch.stack_size(self.launched.stack)
            if now > size:
                size, grown = now, time.monotonic()
        return scratch.read_stack(self.launched.stack, before)

    def _signal(self, number: signal.Signals) -> None:
        """Signal the child itself, by pidfd where there is one: its number cannot be mistaken then."""
        with contextlib.suppress(OSError):
            if self.watches_death:
                signal.pidfd_send_signal(self._waiter.pidfd, number)
            elif self.launched.process.poll() is None:
                os.kill(self.launched.process.pid, number)


def _strings(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
