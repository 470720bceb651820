"""What a model can do to the tool, and the verdict that it gets. `# here` marks the line that the verdict names."""

import re
from itertools import product

import psutil
import pytest

from unetdoctor.worker import Budget

QUICK = {"start": 30.0, "run": 30.0}
IN_FORWARD = "def build():\n    return forward\n\n\n"

ERRORS = {
    "raises at import": ("import", "raise ValueError('no weights')  # here", "ValueError"),
    "raises in construct": (
        "construct",
        "def build():\n    raise TypeError('needs\\nn_channels')  # here",
        "TypeError",
    ),
    "raises in forward": ("forward", f"{IN_FORWARD}def forward():\n    return 1 / 0  # here", "ZeroDivisionError"),
    "raises below a library": (
        "forward",
        f"import json\n{IN_FORWARD}def forward():\n    return json.loads('[')  # here",
        "JSONDecodeError",
    ),
    "does not parse": ("import", "x = 1\ndef (:  # here", "SyntaxError"),
    "misses an import": ("import", "import no_such_module_at_all  # here", "ModuleNotFoundError"),
    "leaves at import": ("import", "import sys\nsys.exit(0)  # here", "SystemExit: 0"),
    "leaves in forward": ("forward", f"{IN_FORWARD}def forward():\n    raise SystemExit  # here", "SystemExit"),
    "interrupts itself": ("construct", "def build():\n    raise KeyboardInterrupt  # here", "KeyboardInterrupt"),
    "recurses": ("forward", f"{IN_FORWARD}def forward():\n    return forward()  # here", "RecursionError"),
    "asks for input": ("forward", f"{IN_FORWARD}def forward():\n    return input('size? ')  # here", "EOFError"),
    "opens the terminal": ("import", "open('/dev/tty')  # here", "OSError"),
    "raises what cannot be shown": (
        "forward",
        f"class Odd(Exception):\n    def __str__(self):\n        raise SystemExit(0)\n\n\n{IN_FORWARD}"
        "def forward():\n    raise Odd  # here",
        "Odd: (its message could not be read: __str__ raised SystemExit)",
    ),
    "raises a group": (
        "forward",
        f"{IN_FORWARD}def forward():\n    raise BaseExceptionGroup('two', [KeyError(), SystemExit()])  # here",
        "BaseExceptionGroup: two (2 sub-exceptions)",
    ),
}

ENDS = {
    "os._exit(0)": ("exit", "os._exit(0)  # here", "left the process with exit status 0"),
    "segmentation fault": ("signal", "ctypes.string_at(0)  # here", "SIGSEGV (a segmentation fault)"),
    "abort": ("signal", "os.abort()  # here", "SIGABRT (an abort in native code)"),
    "kills itself": ("signal", "os.kill(os.getpid(), 9)", "SIGKILL"),
    "kills its group": ("signal", "os.killpg(0, 9)", "SIGKILL"),
    "endless Python": ("timeout", "while True: pass  # here", "did not end within its 1 s; it was at"),
    "endless C": ("timeout", "sum(iter(int, 1))  # here", "did not end within its 1 s; it was at"),
    "sleeps": ("timeout", "time.sleep(1000)  # here", "time.sleep(1000)"),
    "stops itself": ("timeout", "os.kill(os.getpid(), 19)  # here", "did not end"),
    "ignores signals": (
        "timeout",
        "[signal.signal(s, signal.SIG_IGN) for s in (1, 2, 3, 15)]\n    while True: time.sleep(1)  # here",
        "did not end",
    ),
    "takes our signal away": (
        "timeout",
        "signal.signal(signal.SIGUSR1, signal.SIG_IGN)\n    while True: time.sleep(1)",
        "did not end",
    ),
    "prints without end": ("timeout", "while True: print('x' * 10_000)", "did not end"),
    "runs in a thread": (
        "timeout",
        "t = threading.Thread(target=time.sleep, args=(1000,)); t.start()\n    t.join()  # here",
        "did not end",
    ),
    "closes every descriptor": ("protocol", "os.closerange(0, 5000)", "pipe was closed"),
    "spoofs every pipe": ("protocol", "everywhere(b'\\0\\0\\0\\x02{}')", "a frame with other keys"),
    "sends half a frame": ("protocol", "everywhere(b'\\0\\0\\0\\x50{'); os.kill(os.getpid(), 9)", "5 bytes of a frame"),
    "claims 2 GiB": ("protocol", "everywhere(b'\\x80\\0\\0\\0'); time.sleep(1000)", "claims 2147483648 bytes"),
}

TOOLS = """import ctypes, os, signal, stat, subprocess, sys, threading, time


def everywhere(data):
    for number in range(3, 5000):
        try:
            if stat.S_ISFIFO(os.fstat(number).st_mode):
                os.write(number, data)
        except OSError:
            pass


def build():
    return forward


def forward():
    """

HARMLESS = {
    "closes 0 to 2": "[os.close(n) for n in range(3)]",
    "closes what it did not open": "os.closerange(3, 64)",
    "writes onto every low descriptor": "for n in range(3, 64):\n        try: os.write(n, b'\\0\\0\\0\\x02{}')\n"
    "        except OSError: pass",
    "replaces stdout": "sys.stdout = sys.stderr = None",
    "breaks stdout": "sys.stdout.close(); sys.stderr.close()",
    "changes directory": "os.chdir('/')",
    "removes its directory": "import shutil; shutil.rmtree(os.getcwd(), ignore_errors=True)",
    "locks its directory": "os.mkdir('locked'); open('locked/file', 'w').close(); os.chmod('locked', 0)",
    "patches what we use": "import json; json.dumps = os.write = os.getpid = os._exit = None",
    "registers at exit": "import atexit; atexit.register(time.sleep, 1000)",
    "leaves a thread": "threading.Thread(target=time.sleep, args=(1000,)).start()",
    "returns from a fork": "os.fork()",
    "prints 100 MB": "sys.stdout.write('y' * 100_000_000)",
    "prints bytes": "os.write(1, b'\\xff\\x00\\x1b[2J')",
}


def marked_line(source):
    return next((number for number, line in enumerate(source.splitlines(), 1) if "# here" in line), 0)


def check(outcome, source, tmp_path, kind, stage, words):
    failure = outcome.failure
    assert outcome.result is None
    assert (failure.kind, failure.stage, failure.exit_code) == (kind, stage, 3)
    assert words in failure.sentence
    assert failure.sentence.startswith(("Stage ", "In stage "))
    assert "\n" not in failure.sentence
    line = marked_line(source)
    if line:
        assert (failure.file, failure.line) == (str(tmp_path / "model.py"), line)
        assert f"model.py:{line} (" in failure.sentence
    assert not outcome.scratch.exists()


@pytest.mark.parametrize("case", ERRORS)
def test_an_exception_is_named_with_stage_and_line(case, examine, tmp_path):
    stage, source, words = ERRORS[case]
    outcome = examine(source)
    kind = "error"
    assert words.partition(":")[0] in outcome.failure.sentence
    assert words in outcome.failure.traceback or stage == "import"
    check(outcome, source, tmp_path, kind, stage, words.partition(":")[0])


@pytest.mark.parametrize("case", ENDS)
def test_an_end_without_a_result_is_a_failure(case, examine, tmp_path):
    kind, body, words = ENDS[case]
    source = TOOLS + body
    outcome = examine(source, budget=Budget(stages={**QUICK, "forward": 1.0 if kind == "timeout" else 20.0}))
    check(outcome, source, tmp_path, kind, "forward", words)
    assert [event.payload["done"] for event in outcome.partials] == ["import", "construct"]
    assert len(outcome.log) < 70_000


@pytest.mark.parametrize("case", HARMLESS)
def test_what_does_no_harm_gets_its_result(case, examine):
    outcome = examine(TOOLS + HARMLESS[case] + "\n    return 7")
    assert outcome.failure is None
    assert outcome.result == {"value": 7}
    assert len(outcome.log) < 70_000


def test_allocating_too_much_at_once(examine, tmp_path):
    source = TOOLS + "return len(bytearray(100 * 1024**3))  # here"
    outcome = examine(source, budget=Budget(stages=QUICK, memory_bytes=256 * 1024**2))
    check(outcome, source, tmp_path, "memory", "forward", "MemoryError")


CREEPING = """held = []
    while True:
        held.append(bytearray(4_000_000)); held[-1][::4096] = bytes(range(1, 256)) * 3 + bytes(212); time.sleep(0.01)
"""


@pytest.mark.parametrize("who", ["itself", "a child of its own"])
def test_allocating_more_and_more(who, examine, tmp_path):
    fork = "" if who == "itself" else "if os.fork(): os.wait()\n    "
    outcome = examine(TOOLS + fork + CREEPING, budget=Budget(stages=QUICK, memory_bytes=200 * 1024**2))
    check(outcome, "", tmp_path, "memory", "forward", "its limit is 0.20 GiB; it was at")


ESCAPES = {
    "a session of its own": "subprocess.Popen(['sleep', '1000'], start_new_session=True)",
    "an empty environment": "subprocess.Popen(['/bin/sleep', '1000'], start_new_session=True, env={})",
    "orphaned, with an empty environment": "subprocess.Popen(['/bin/sh', '-c', '/bin/sleep 1000 & echo $!'], "
    "start_new_session=True, env={}).wait()",
    "holding the pipes": "subprocess.Popen(['sleep', '1000'], start_new_session=True, close_fds=False)",
    "a fork that holds the pipes": "os.fork() or (os.setsid(), print(os.getpid(), flush=True), time.sleep(1000))",
}


FINISHES = ("return 7", "os.kill(os.getpid(), 9)")


@pytest.mark.parametrize(("case", "end"), [*product(ESCAPES, FINISHES), ("a session of its own", "time.sleep(1000)")])
def test_no_grandchild_survives(case, end, examine):
    body = f"p = {ESCAPES[case]}\n    print(getattr(p, 'pid', ''), flush=True)\n    time.sleep(0.1)\n    {end}"
    outcome = examine(TOOLS + body, budget=Budget(stages={**QUICK, "forward": 1.5}))
    numbers = [int(number) for number in re.findall(r"\d+", outcome.log)]
    assert numbers
    assert not any(psutil.pid_exists(number) for number in numbers)
    assert (outcome.result is not None) == (end == "return 7")


def test_a_crowd_of_grandchildren(examine):
    body = "[os.fork() or (os.setsid(), time.sleep(1000)) for _ in range(30)]\n    return 7"
    assert examine(TOOLS + body).result == {"value": 7}


FENCE = {
    "a file": "open(os.environ['HOME'] + '/unetdoctor-was-here', 'w')  # here",
    "its own source": "open(__file__, 'a')  # here",
    "the parent": "os.kill(os.getppid(), 9)  # here",
    "the network": "import socket; socket.create_connection(('127.0.0.1', 9))  # here",
}


@pytest.mark.parametrize("case", FENCE)
def test_the_fence(case, examine, tmp_path):
    source = TOOLS + FENCE[case]
    outcome = examine(source)
    if not any("Landlock" in phrase for phrase in outcome.enforced):
        pytest.skip("this kernel offers no Landlock")
    check(outcome, source, tmp_path, "error", "forward", "PermissionError")
    assert outcome.failure.sentence.endswith(
        "; the worker may write only to its scratch directory and open no TCP connection (--no-sandbox lets it)."
    )


def test_without_the_fence_says_so(examine, tmp_path):
    target = tmp_path / "written"
    outcome = examine(TOOLS + f"return open({str(target)!r}, 'w').write('x')", confine=False)
    assert outcome.result == {"value": 1}
    assert "Landlock: switched off by --no-sandbox" in outcome.not_enforced
    assert target.read_text() == "x"


def test_caught_errors_carry_text_only(examine, tmp_path):
    outcome = examine("kept = object()\nraise RuntimeError('CUDA out of memory')  # here", entry="catches")
    assert outcome.result["context"] == "None"
    assert outcome.result["is_memory"] is True
    assert (outcome.result["line"], outcome.result["stage_now"]) == (2, "run")
    assert "raise RuntimeError" in outcome.result["source"]
