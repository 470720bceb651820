import tempfile
from pathlib import Path

import pytest

from tests.children import children
from unetdoctor.worker import Budget, supervise

HERE = Path(__file__).parent
ENTRIES = {"PYTHONPATH": str(HERE)}
QUICK = {"start": 30.0, "run": 30.0, "import": 20.0, "construct": 20.0, "forward": 20.0}


def descriptors():
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture(autouse=True)
def nothing_remains(monkeypatch, tmp_path_factory):
    """After every test: no process, no descriptor and no scratch directory more than before."""
    tmp_path_factory.getbasetemp()  # made at its first use, which must not be below ours
    temporary = Path(tempfile.mkdtemp(prefix="t-"))  # short, as for users: sockets lie below it
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    before = descriptors()
    yield
    assert children(recursive=True) == []
    temporary.rmdir()
    assert descriptors() <= before


@pytest.fixture
def run():
    """Run an entry function of entries.py and return its outcome, closed."""

    def run_entry(entry, request=None, environment=(), **options):
        options.setdefault("budget", Budget(stages=QUICK))
        surroundings = {**ENTRIES, **dict(environment)}
        with supervise(request or {}, f"entries:{entry}", environment=surroundings, **options) as outcome:
            return outcome

    return run_entry


@pytest.fixture
def examine(run, tmp_path):
    """Write a model.py and examine it."""

    def examine_source(source, entry="examine", **options):
        file = tmp_path / "model.py"
        file.write_text(source, encoding="utf-8")
        return run(entry, {"file": str(file)}, **options)

    return examine_source
