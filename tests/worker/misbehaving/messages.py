"""Exceptions that are hard to show."""

from tests.worker.misbehaving.case import Case

HANGS = "class Odd(Exception):\n    def __str__(self): time.sleep({sleep})  # here\nraise Odd"
ODD = "class Odd(Exception):\n    def __str__(self): {0}\n    __repr__ = __str__\nraise Odd  # here"

MESSAGES = (
    Case("raises at import", "raise ValueError('no\\nweights')  # here", "ValueError", "at_import"),
    Case("raises in the constructor", "raise TypeError('needs n')  # here", "TypeError", "construct"),
    Case("raises in forward", "return 1 / 0  # here", "ZeroDivisionError"),
    Case("raises below a library", "json.JSONDecoder().decode('[')  # here", "JSONDecodeError"),
    Case("its str() raises", ODD.format("1 / 0"), "Odd"),
    Case("its str() leaves", ODD.format("sys.exit(0)"), "Odd"),
    Case("its str() is no string", ODD.format("return 7"), "Odd", "construct"),
    Case("its str() is 100 MB", ODD.format("return 'x' * 10**8"), "Odd", "construct"),
    Case(
        "its str() never ends",
        HANGS,
        "did not end",
        "construct",
        seconds=1.0,
    ),
    Case("its str() attacks", ODD.format("return '\\x1b[31m\\r\\x00\\ud800[/]'"), "Odd", "construct"),
    Case(
        "its class lies",
        "class Odd(Exception):\n    __class__ = property(lambda self: SystemExit)\n"
        "    __notes__ = property(lambda self: sys.exit(0))\nraise Odd('x')  # here",
        "Odd",
        "construct",
    ),
    Case("a group", "raise BaseExceptionGroup('two', [KeyError(), SystemExit()])  # here", "BaseExceptionGroup"),
    Case(
        "causes in a circle",
        "a, b = ValueError('a'), KeyError('b'); a.__cause__, b.__cause__ = b, a\nraise a  # here",
        "ValueError",
        "construct",
    ),
    Case(
        "a syntax error that lies",
        "raise SyntaxError('x', ('/dev/zero', 10**9, 'no', 'text'))",
        "SyntaxError",
        "construct",
    ),
    Case("StopIteration", "raise StopIteration  # here", "StopIteration"),
    Case("an exception with a million arguments", "raise ValueError(*range(10**6))  # here", "ValueError"),
    Case("misses a module", "import no_such_module_at_all  # here", "ModuleNotFoundError", "at_import"),
)
