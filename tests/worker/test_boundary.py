"""The boundary as its callers see it: results, events, budgets, surroundings, signals."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import psutil
import pytest

from unetdoctor.worker import Budget, RawFileError, limits, pipes, read_raw, supervise

HERE = Path(__file__).parent
ENTRIES = {"PYTHONPATH": str(HERE)}


def test_a_result_arrives_with_its_events_in_order(run):
    events = []
    outcome = run("echo", {"x": [1, None, "é"]}, on_event=events.append)
    assert outcome.failure is None
    assert outcome.result["request"] == {"x": [1, None, "é"]}
    assert [(event.kind, event.payload.get("name")) for event in events] == [
        ("stage", "run"),
        ("stage", "import"),
        ("note", None),
        ("stage", "check:UD202"),
        ("partial", None),
        ("stage", "import"),
        ("stage", "run"),
        ("partial", None),
    ]
    assert [event.payload for event in outcome.partials] == [{"n": 1}, {"n": 2}]
    assert next(event for event in events if event.kind == "note").payload == {"text": "é\udc80\x1b[31m"}


def test_raw_files_are_read_only_as_recorded():
    with supervise({}, "entries:echo", environment=ENTRIES) as outcome:
        record = outcome.result["record"]
        assert read_raw(outcome, record) == bytes(range(256))
        wrong = [
            {**record, "size": 255},
            {**record, "sha256": "0" * 64},
            {**record, "file": "../stack"},
            {**record, "file": "absent.bin"},
            {**record, "size": True},
            {**record, "size": -1},
            {"file": "picture.bin"},
            None,
        ]
        for bad in wrong:
            with pytest.raises(RawFileError):
                read_raw(outcome, bad)
        raw = outcome.scratch / "raw" / "picture.bin"
        raw.unlink()
        raw.symlink_to("/dev/zero")
        with pytest.raises(RawFileError):
            read_raw(outcome, record)
        raw.unlink()
        os.mkfifo(raw)
        with pytest.raises(RawFileError):
            read_raw(outcome, {**record, "size": 0})
    assert not outcome.scratch.exists()
    outcome.close()


def test_surroundings(run, monkeypatch):
    secrets = ("MY_SECRET", "AWS_ACCESS_KEY_ID", "HF_TOKEN", "NVIDIA_API_KEY", "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD")
    for name in secrets:
        monkeypatch.setenv(name, "canary")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    outcome = run("surroundings", environment={"EXTRA": "1"})
    found = outcome.result
    assert "canary" not in json.dumps(found)
    assert found["environment"]["CUDA_VISIBLE_DEVICES"] == ""
    assert found["environment"]["EXTRA"] == "1"
    assert found["cwd"] == found["environment"]["TMPDIR"] == str(outcome.scratch / "work")
    assert found["safe_path"]
    assert "" not in found["path"]
    assert found["cwd"] not in found["path"]
    assert found["stdin"] == ""
    assert found["session"]
    assert found["request_is_gone"]
    assert not {"torch", "numpy", "rich", "typer", "pydantic"} & set(found["modules"])


def test_what_is_enforced_is_listed(run):
    outcome = run("echo", budget=Budget(memory_bytes=1024**3))
    text = "; ".join(outcome.enforced)
    for word in ("session", "pidfd", "subreaper", "PSS", "PDEATHSIG", "oom_score_adj", "RLIMIT_CORE", "RLIMIT_AS"):
        assert word in text
    assert all(phrase.startswith("Landlock") for phrase in outcome.not_enforced)
    on_cuda = run("echo", {"device": "cuda:0"}, budget=Budget(memory_bytes=1024**3))
    assert "RLIMIT_AS" not in "; ".join(on_cuda.enforced)


def test_an_error_of_ours_is_told_from_one_of_theirs(run):
    failure = run("our_bug").failure
    assert (failure.kind, failure.stage, failure.exit_code) == ("error", "check:UD999", 101)
    assert failure.sentence == "Stage check:UD999 met an error of unetdoctor's own, KeyError: 'missing'."
    assert "in our_bug" in failure.traceback


@pytest.mark.parametrize("entry", ["sends_nan", "returns_nothing", "no_such_function"])
def test_our_own_slips_are_101(run, entry):
    assert (run(entry).failure.kind, run(entry).failure.exit_code) == ("error", 101)


def test_a_report_that_cannot_be_sent_is_still_an_end(run):
    assert run("run_forged").failure.kind == "exit"


def test_the_module_can_be_run_by_name(tmp_path):
    done = subprocess.run(
        [sys.executable, "-P", "-m", "unetdoctor.worker", str(tmp_path)],
        cwd=HERE.parents[1],
        env={**os.environ, "PYTHONPATH": str(HERE.parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "request.json" in done.stderr


@pytest.mark.parametrize(("entry", "word"), [("absent_module:run", "ModuleNotFoundError"), ("broken:run", "OSError")])
def test_an_entry_that_cannot_be_imported(entry, word, tmp_path):
    (tmp_path / "broken.py").write_text("raise OSError('libtorch_cpu.so: cannot open shared object file')")
    with supervise({}, entry, environment={"PYTHONPATH": str(tmp_path)}) as outcome:
        assert (outcome.failure.kind, outcome.failure.stage, outcome.failure.exit_code) == ("start", "start", 3)
        assert word in outcome.failure.sentence


def test_an_interpreter_that_cannot_start(run, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    assert run("echo").failure.kind == "start"
    monkeypatch.setattr(sys, "executable", "/bin/false")
    failure = run("echo").failure
    assert failure.sentence == "The worker process could not start (exit status 1)."


def test_no_temporary_directory(run, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", "/no/such/directory")
    assert run("echo").failure.kind == "start"


def test_a_request_that_is_no_json(run):
    with pytest.raises(TypeError):
        run("echo", {"x": object()})
    with pytest.raises(ValueError, match="JSON"):
        run("echo", {"x": float("nan")})


def test_frames_are_bounded(run):
    budget = Budget(frame_bytes=1_000_000)
    assert run("large", {"size": 999_000}, budget=budget).result == {}
    assert run("large", {"size": 1_000_001}, budget=budget).failure.exit_code == 101
    failure = run("floods", budget=budget).failure
    assert (failure.kind, failure.exit_code) == ("protocol", 3)
    assert "in all" in failure.sentence


def test_the_total_budget_counts_too(examine):
    outcome = examine("import time\ntime.sleep(1000)  # sleeps", budget=Budget(total_s=2.0))
    assert outcome.failure.kind == "timeout"
    assert "The run did not end within its 2 s, in stage import; it was at " in outcome.failure.sentence
    assert outcome.failure.line == 2


def test_a_callback_that_raises_ends_the_child(run):
    def callback(event):
        raise LookupError(event.kind)

    with pytest.raises(LookupError):
        run("echo", on_event=callback)


def test_two_at_once_leave_each_other_alone():
    outcomes = {}

    def one(name):
        outcomes[name] = supervise({"file": name}, "entries:spawns", environment=ENTRIES)

    threads = [threading.Thread(target=one, args=(name,)) for name in ("a", "b", "c")]
    other = subprocess.Popen(["sleep", "1000"], start_new_session=True)  # the host's own, none of ours
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert other.poll() is None
    other.kill()
    other.wait()
    for name, outcome in outcomes.items():
        with outcome:
            assert outcome.result == {"file": name}
            assert "two-step Ctrl-C: not possible here" in outcome.not_enforced


def test_stage_limits_have_families():
    budget = Budget(stages={"check": 5.0, "check:UD202": 7.0})
    assert [budget.limit_s(name) for name in ("check:UD201", "check:UD202", "forward", "other")] == [5, 7, 60, 60]


def test_what_other_systems_offer_is_enough(examine, monkeypatch):
    monkeypatch.setattr(limits, "LINUX", False)
    monkeypatch.setattr(pipes, "PUMP", True)
    monkeypatch.delattr(os, "pidfd_open")
    outcome = examine("def build():\n    print('built')\n    return lambda: 7")
    assert (outcome.result, outcome.log) == ({"value": 7}, "built\n")
    assert len(outcome.not_enforced) >= 3
    outcome = examine("import os\nos._exit(0)")
    assert (outcome.failure.kind, outcome.failure.line) == ("exit", 2)
    outcome = examine("while True: pass", budget=Budget(stages={"import": 1.0}))
    assert (outcome.failure.kind, outcome.failure.line) == ("timeout", 1)


def test_the_parent_imports_nothing_heavy():
    heavy = "{'torch', 'numpy', 'rich', 'typer', 'pydantic'}"
    code = (
        f"import sys, unetdoctor.worker; sys.exit(str({heavy} & set(sys.modules)) if {heavy} & set(sys.modules) else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=HERE.parents[1], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


PARENT = """
import json, sys
from unetdoctor.worker import Budget, supervise

def ready(event):
    if event.payload.get("name") == "forward":
        print("ready", flush=True)

if __name__ == "__main__":
    with supervise({"file": sys.argv[1]}, "entries:examine", on_event=ready,
                   environment={"PYTHONPATH": sys.argv[2]}) as outcome:
        print(json.dumps([outcome.failure.kind, outcome.failure.sentence, len(outcome.partials), outcome.log]))
    sys.exit(outcome.failure.exit_code)
"""
HANGS = """import os, subprocess, time

def build():
    print(os.getpid(), subprocess.Popen(["sleep", "1000"], start_new_session=True).pid, flush=True)
    return lambda: time.sleep(1000)
"""


@pytest.fixture
def parent(tmp_path):
    """Start a parent in a process of its own, with a child that hangs in forward."""
    (tmp_path / "model.py").write_text(HANGS)
    (tmp_path / "parent.py").write_text(PARENT)
    (tmp_path / "temp").mkdir()
    environment = {**os.environ, "PYTHONPATH": str(HERE.parents[1]), "TMPDIR": str(tmp_path / "temp")}
    command = [sys.executable, str(tmp_path / "parent.py"), str(tmp_path / "model.py"), str(HERE)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout.readline() == "ready\n"
        yield process


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_the_first_signal_ends_the_child_and_keeps_what_there_is(name, parent, tmp_path):
    parent.send_signal(getattr(signal, name))
    kind, sentence, partials, log = json.loads(parent.stdout.read())
    assert parent.wait() == 130
    assert (kind, sentence, partials) == ("interrupted", f"Interrupted by {name} in stage forward.", 2)
    assert not any(psutil.pid_exists(int(number)) for number in log.split())
    assert list((tmp_path / "temp").iterdir()) == []


def test_the_child_dies_with_its_parent(parent, tmp_path):
    worker = psutil.Process(parent.pid).children()[0]
    grandchildren = worker.children()
    parent.kill()
    parent.wait()
    worker.wait(10)
    for grandchild in grandchildren:  # what had left the session outlives a parent that was killed: a known gap
        grandchild.kill()
    abandoned = list((tmp_path / "temp").iterdir())
    assert len(abandoned) == 1
    tempfile.tempdir = str(tmp_path / "temp")
    with supervise({}, "entries:echo", environment=ENTRIES) as outcome:
        assert outcome.failure is None
        assert not abandoned[0].exists()
    assert list((tmp_path / "temp").iterdir()) == []


def test_the_second_signal_is_immediate():
    from unetdoctor.worker.interrupts import Interrupts

    with Interrupts() as interrupts:
        os.kill(os.getpid(), signal.SIGINT)
        assert interrupts.signal == signal.SIGINT
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_an_ignored_signal_stays_ignored():
    from unetdoctor.worker.interrupts import Interrupts

    former = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interrupts() as interrupts:
            os.kill(os.getpid(), signal.SIGHUP)
            assert interrupts.signal == 0
    finally:
        signal.signal(signal.SIGHUP, former)


def test_torch_with_loader_workers_inside_the_fence(examine):
    source = """
import torch
from torch.utils.data import DataLoader, TensorDataset

def build():
    def forward():
        loader = DataLoader(TensorDataset(torch.ones(8, 3, 8, 8)), batch_size=4, num_workers=2)
        return [list(torch.nn.functional.avg_pool2d(batch, 2).shape) for (batch,) in loader]
    return forward
"""
    assert examine(source).result == {"value": [[4, 3, 4, 4], [4, 3, 4, 4]]}


def test_what_was_added_to_an_exception_is_said():
    from unetdoctor.worker.channel import describe
    from unetdoctor.worker.verdicts import raised

    error = ValueError("odd")
    plain = {**describe("construct", error).as_payload(), "origin": "user"}
    error.add_note("guessed n=3")
    noted = {**describe("construct", error).as_payload(), "origin": "user"}
    assert raised(plain, "construct", False).sentence.endswith("odd.")
    assert raised(noted, "construct", False).sentence.endswith("odd. To know: guessed n=3.")
    error.__notes__ = 3
    assert describe("construct", error).note == ""
