"""Processes and threads of its own, and what it writes where only the worker writes."""

from tests.worker.misbehaving.case import Case

LIVES_ON = (
    ("a session of its own", "subprocess.Popen(['sleep', '{sleep}'], start_new_session=True)"),
    ("an empty environment", "subprocess.Popen(['/bin/sleep', '{sleep}'], start_new_session=True, env={})"),
    (
        "an orphan with an empty environment",
        "subprocess.Popen(['/bin/sh', '-c', '/bin/sleep {sleep} &'], start_new_session=True, env={}).wait()",
    ),
    ("a program that holds the pipes", "subprocess.Popen(['sleep', '{sleep}'], close_fds=False)"),
    ("a fork that holds the pipes", "if os.fork() == 0: os.setsid(); time.sleep({sleep})"),
    ("a daemon", "if os.fork() == 0:\n    os.setsid()\n    if os.fork(): posix._exit(0)\n    time.sleep({sleep})"),
    ("a stopped program", "subprocess.Popen(['sleep', '{sleep}']).send_signal(signal.SIGSTOP)"),
    ("one that ignores signals", "subprocess.Popen(['sh', '-c', 'trap \"\" 1 2 3 15; sleep {sleep}; sleep {sleep}'])"),
    ("a crowd", "crowd(30)"),
    ("a relay of processes", "if os.fork() == 0: os.setsid(); relay(200); posix._exit(0)"),
    ("a thread", "threading.Thread(target=time.sleep, args=({sleep},)).start()"),
    ("a hundred threads", "for _ in range(100): threading.Thread(target=time.sleep, args=({sleep},)).start()"),
)
PROCESSES = (
    *(Case(f"leaves behind: {name}", body) for name, body in LIVES_ON),
    *(
        Case(f"crashes and leaves behind: {name}", f"{body}\nos.kill(os.getpid(), 9)", "SIGKILL")
        for name, body in LIVES_ON[:6]
    ),
    Case("returns from a fork", "os.fork()"),
    Case("returns from a fork at import", "os.fork()", where="at_import"),
    Case("kills its parent", "os.kill(os.getppid(), 9)  # here", "PermissionError", "construct"),
)
PIPES = (
    Case("spoofs every pipe", "everywhere(b'\\0\\0\\0\\x02{}')", "a frame with other keys"),
    Case(
        "sends a result of its own",
        "body = json.dumps({'n': 1, 't': '0' * 32, 'k': 'result', 'p': {'exit_code': 0}}).encode()\n"
        "everywhere(len(body).to_bytes(4, 'big') + body)",
        "wrote to its private pipe",
    ),
    Case("sends half a frame", "everywhere(b'\\0\\0\\0\\x50{'); os.kill(os.getpid(), 9)", "5 bytes of a frame"),
    Case("claims 2 GiB", "everywhere(b'\\x80\\0\\0\\0'); time.sleep({sleep})", "claims 2147483648 bytes"),
    Case("sends nothing but noise", "everywhere(random.randbytes(3000))", "wrote to its private pipe"),
    Case("sends a deep frame", "everywhere(b'\\0\\0\\x80\\0' + b'[' * 0x8000)", "wrote to its private pipe"),
    Case("closes every descriptor", "os.closerange(0, 5000)", "pipe was closed"),
    Case(
        "puts another file over every descriptor",
        "nothing = os.open('/dev/null', os.O_RDWR)\nfor n in range(3, 1100):\n    if n != nothing: os.dup2(nothing, n)",
        "left the process with exit status 0",
    ),
)
