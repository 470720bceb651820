"""Never coming back, taking all the memory, and writing without end."""

from tests.worker.misbehaving.case import Case

MIB = 1024**2
LATE = "did not end within its"
FLOOD = "while True: {0}"
CREEP = "held = []\nwhile True: held.append(b'x' * 4_000_000); time.sleep(0.01)"
"""It grows 400 MB in a second, and its limit is far below what the machine has."""
TAKES = "of memory, its limit is"


def _late(name: str, body: str, where: str = "forward", **options: bool) -> Case:
    return Case(name, body, LATE, where, seconds=1.0, **options)


LOOPS = (
    _late("endless Python at import", "while True: pass  # here", "at_import"),
    _late("endless Python in the constructor", "while True: pass  # here", "construct"),
    _late("endless Python in forward", "while True: pass  # here"),
    _late("endless C", "sum(iter(int, 1))  # here"),
    _late("a pattern that backtracks", "re.match('(a+)+$', 'a' * 60 + 'b')  # here"),
    _late(
        "endless C++",
        "spin = torch.jit.CompilationUnit('def f(n: int):\\n  while n > 0:\\n    n = n + 1\\n  return n\\n').f\n"
        "spin(1)  # here",
        needs_torch=True,
    ),
    _late("sleeps", "time.sleep({sleep})  # here"),
    _late("waits for a lock", "lock = threading.Lock(); lock.acquire(); lock.acquire()  # here"),
    _late(
        "waits for a thread", "t = threading.Thread(target=time.sleep, args=({sleep},)); t.start()\nt.join()  # here"
    ),
    _late("waits for a program", "subprocess.run(['sleep', '{sleep}'])  # here"),
    _late("waits for a writer", "os.mkfifo('fifo'); open('fifo')  # here"),
    _late(
        "ignores signals",
        "for n in (1, 2, 3, 15): signal.signal(n, signal.SIG_IGN)\nwhile True: time.sleep(1)  # here",
    ),
    _late("takes our signal away", "signal.signal(signal.SIGUSR1, signal.SIG_IGN)\nwhile True: time.sleep(1)"),
    _late("blocks every signal", "signal.pthread_sigmask(0, range(1, 32))\nwhile True: time.sleep(1)"),
    _late("stops itself", "os.kill(os.getpid(), signal.SIGSTOP)  # here"),
    _late(
        "catches everything",
        "while True:\n    try:\n        time.sleep(1)  # here\n    except BaseException: pass",
    ),
    Case("asks for 100 GiB", "bytearray(100 * 1024**3)  # here", "MemoryError", memory_bytes=200 * MIB),
    Case("raises MemoryError", "raise MemoryError  # here", "MemoryError", "construct"),
    Case("takes more and more", CREEP, TAKES, memory_bytes=200 * MIB),
    Case("takes more and more in a child", f"if os.fork(): os.wait()\n{CREEP}", TAKES, memory_bytes=200 * MIB),
    Case(
        "takes memory of the system",
        "held = []\nwhile True: held.append(mmap.mmap(-1, 4_000_000)); held[-1].write(bytes(4_000_000)); "
        "time.sleep(0.01)",
        TAKES,
        memory_bytes=200 * MIB,
    ),
    _late("prints without end", FLOOD.format("print('x' * 10_000)")),
    _late("complains without end", FLOOD.format("sys.stderr.write('x' * 10_000)"), "construct"),
    _late("fills both at once", FLOOD.format("os.write(1, b'x' * 4096); os.write(2, b'y' * 4096)")),
    _late("logs without end", FLOOD.format("logging.warning('x' * 1000)")),
    Case("prints 100 MB", "sys.stdout.write('y' * 100_000_000)"),
    Case("prints a million lines", "for n in range(1_000_000): pass\nsys.stdout.write('line\\n' * 1_000_000)"),
    Case("prints bytes", "os.write(1, bytes(range(256)) * 100)"),
    Case("prints what runs a terminal", "print('\\x1b[2J\\x1b]0;owned\\x07\\x1b[?1049h')", where="at_import"),
    Case(
        "leaves a flood behind",
        "if os.fork() == 0:\n    os.setsid()\n    while True: os.write(1, b'z' * 4096)",
    ),
)
