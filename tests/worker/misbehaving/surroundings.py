"""Changing what everybody shares: prompts, streams, directories, names in modules, flags of torch, limits."""

from tests.worker.misbehaving.case import Case


def _torch(name: str, body: str, where: str = "at_import", exit_code: int | None = None) -> Case:
    return Case(name, body, where=where, needs_torch=True, exit_code=exit_code)


SURROUNDINGS = (
    Case("asks for input", "input('size? ')  # here", "EOFError", "at_import"),
    Case("asks for a password", "warnings.simplefilter('ignore'); getpass.getpass()  # here", "EOFError", "construct"),
    Case("opens the terminal", "open('/dev/tty')  # here", "OSError", "at_import"),
    Case("stops in the debugger", "breakpoint()", "BdbQuit", "construct"),
    Case("reads stdin to its end", "assert sys.stdin.read() == ''"),
    Case("closes 0 to 2", "[os.close(n) for n in range(3)]", where="construct"),
    Case("closes what it did not open", "os.closerange(3, 64)"),
    Case("writes onto every low descriptor", "[os.write(n, b'\\0\\0\\0\\x02{}') for n in (1, 2)]; everywhere.__name__"),
    Case("has no stdout", "sys.stdout = sys.stderr = sys.__stdout__ = None"),
    Case("breaks stdout", "sys.stdout.close(); sys.stderr.close()"),
    Case("replaces stdout", "sys.stdout = sys.stderr = types.SimpleNamespace(write=len)", where="at_import"),
    Case("points stdout elsewhere", "os.dup2(os.open('/dev/full', os.O_WRONLY), 1)", where="at_import"),
    Case("changes directory", "os.chdir('/')", where="at_import"),
    Case("removes its directory", "shutil.rmtree(os.getcwd(), ignore_errors=True)"),
    Case(
        "locks its directory",
        "os.mkdir('d'); open('d/f', 'w'); os.chmod('d', 0); os.chmod('.', 0)",
        where="construct",
    ),
    Case(
        "fills its directory",
        "[open(f'f{n}', 'w') for n in range(2000)]; os.symlink('/', 'root')",
        where="construct",
    ),
    Case("patches builtins", "builtins.open = builtins.print = builtins.input = None", where="at_import"),
    Case("patches json", "json.dumps = json.loads = json.JSONEncoder = None", where="at_import"),
    Case("patches os", "os.write = os.getpid = os._exit = os.open = os.read = None"),
    Case("patches time", "time.monotonic = time.perf_counter = time.time = lambda: 0.0", where="at_import"),
    Case("empties the environment", "os.environ.clear()", where="at_import"),
    Case("empties sys.path", "sys.path.clear()"),
    Case("forgets modules", "[sys.modules.pop(n, None) for n in ('json', 'os', 're', 'threading', 'contextlib')]"),
    Case("hooks that raise", "sys.excepthook = threading.excepthook = sys.unraisablehook = None"),
    Case("traces with what raises", "def odd(*given): raise SystemExit\nsys.setprofile(None); threading.settrace(odd)"),
    Case("a small recursion limit", "sys.setrecursionlimit(60)", where="construct"),
    Case("no garbage collection", "gc.disable(); gc.freeze(); sys.setswitchinterval(0.5)"),
    Case("turns warnings into errors", "warnings.simplefilter('error')", where="at_import"),
    Case("few descriptors", "resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))", where="at_import"),
    Case("hides what it writes", "os.umask(0o777)", where="at_import"),
    Case("another locale", "locale.setlocale(locale.LC_ALL, 'C'); random.seed(0); logging.disable()"),
    Case(
        "rewrites its own source",
        "open(__file__, 'a')  # here",
        "PermissionError",
        "at_import",
    ),
    Case(
        "rewrites its own source in secret",
        "try: open(__file__, 'a').write('x = 1')\nexcept OSError: pass",
        where="at_import",
    ),
    Case(
        "writes elsewhere",
        "open('/tmp/unetdoctor-was-here', 'w')  # here",
        "PermissionError",
        "construct",
    ),
    Case("calls the network", "socket.create_connection(('127.0.0.1', 9))  # here", "PermissionError", "construct"),
    Case(
        "neighbours with great names",
        "pass",
        files=tuple((f"{n}.py", "1 / 0") for n in ("json", "types", "torch")),
    ),
    _torch(
        "patches torch",
        "torch.isnan = torch.isfinite = torch.equal = torch.where = torch.stack = torch.zeros = torch.cat = None\n"
        "torch.Tensor.isnan = torch.Tensor.item = torch.Tensor.tolist = torch.Tensor.double = None",
    ),
    _torch("patches torch in forward", "torch.isnan = torch.isfinite = torch.Tensor.item = None", where="forward"),
    _torch(
        "hides its NaN",
        "torch.isnan = torch.isinf = lambda x: torch.zeros_like(x, dtype=torch.bool)\n"
        "torch.isfinite = lambda x: torch.ones_like(x, dtype=torch.bool)\n"
        "global layer\nplain = layer\n"
        "def layer():\n    made = plain(); made.weight.data.fill_(float('nan')); return made",
        exit_code=1,
    ),
    _torch("default dtype float64", "torch.set_default_dtype(torch.float64)"),
    _torch("gradients off, one thread", "torch.set_grad_enabled(False); torch.set_num_threads(1)"),
    _torch("seeds in forward", "torch.manual_seed(0); random.seed(0)", where="forward"),
    _torch("asks for determinism", "torch.use_deterministic_algorithms(True)"),
    _torch("detects anomalies", "torch.autograd.set_detect_anomaly(True)", where="construct"),
    _torch("no gradients in forward", "torch.set_grad_enabled(False)", where="forward"),
)
