"""Exceptions that are hard to show."""

from tests.worker.misbehaving.case import Case

ODD = "class Odd(Exception):\n    def __str__(self): {0}\n    __repr__ = __str__\nraise Odd  # here"

MESSAGES = (
    Case("raises at import", "raise ValueError('no\\nweights')  # here", "ValueError", "at_import", raises=True),
    Case("raises in the constructor", "raise TypeError('needs n')  # here", "TypeError", "construct", raises=True),
    Case("raises in forward", "return 1 / 0  # here", "ZeroDivisionError", raises=True),
    Case("raises below a library", "json.JSONDecoder().decode('[')  # here", "JSONDecodeError", raises=True),
    Case("its str() raises", ODD.format("1 / 0"), "Odd", raises=True),
    Case("its str() leaves", ODD.format("sys.exit(0)"), "Odd", raises=True),
    Case("its str() is no string", ODD.format("return 7"), "Odd", "construct", raises=True),
    Case("its str() is 100 MB", ODD.format("return 'x' * 10**8"), "Odd", "construct", raises=True),
    Case(
        "its str() never ends",
        ODD.replace("  # here", "").format("time.sleep({sleep})  # here"),
        "did not end",
        "construct",
        seconds=1.0,
    ),
    Case("its str() attacks", ODD.format("return '\\x1b[31m\\r\\x00\\ud800[/]'"), "Odd", "construct", raises=True),
    Case(
        "its class lies",
        "class Odd(Exception):\n    __class__ = property(lambda self: SystemExit)\n"
        "    __notes__ = property(lambda self: sys.exit(0))\nraise Odd('x')  # here",
        "Odd",
        "construct",
        raises=True,
    ),
    Case("a group", "raise BaseExceptionGroup('two', [KeyError(), SystemExit()])  # here", "BaseExceptionGroup"),
    Case(
        "causes in a circle",
        "a, b = ValueError('a'), KeyError('b'); a.__cause__, b.__cause__ = b, a\nraise a  # here",
        "ValueError",
        "construct",
        raises=True,
    ),
    Case(
        "a syntax error that lies",
        "raise SyntaxError('x', ('/dev/zero', 10**9, 'no', 'text'))",
        "SyntaxError",
        "construct",
        raises=True,
    ),
    Case("StopIteration", "raise StopIteration  # here", "StopIteration", raises=True),
    Case("an exception with a million arguments", "raise ValueError(*range(10**6))  # here", "ValueError", raises=True),
    Case("misses a module", "import no_such_module_at_all  # here", "ModuleNotFoundError", "at_import", raises=True),
)
