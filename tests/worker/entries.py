"""Entry functions for the tests of the boundary; they run in the child and know nothing of torch."""

import importlib.util
import math
import os
import subprocess
import sys
import time
from pathlib import Path


def examine(request, channel):
    """Load a file, build what it calls a model and run it, as the real pipeline does."""
    module = channel.guard("import", lambda: load(request["file"]))
    channel.partial({"done": "import"})
    model = channel.guard("construct", module.build)
    channel.partial({"done": "construct"})
    value = channel.guard("forward", model)
    return {"value": value}


def load(file):
    spec = importlib.util.spec_from_file_location("model", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def echo(request, channel):
    with channel.stage("import"):
        channel.event("note", {"text": "é\udc80\x1b[31m"})
        with channel.stage("check:UD202"):
            channel.partial({"n": 1})
    channel.partial({"n": 2})
    record = channel.raw("picture.bin", bytes(range(256)))
    return {"request": request, "record": record}


def surroundings(request, channel):
    return {
        "environment": dict(os.environ),
        "cwd": str(Path.cwd()),
        "path": sys.path,
        "safe_path": sys.flags.safe_path,
        "stdin": os.read(0, 10).decode(),
        "session": os.getsid(0) == os.getpid(),
        "modules": sorted({name.partition(".")[0] for name in sys.modules}),
        "request_is_gone": not Path("../request.json").exists(),
    }


def catches(request, channel):
    """Survive what foreign code raised and go on."""
    from unetdoctor.worker import UserCodeError

    try:
        channel.guard("forward", lambda: load(request["file"]))
    except UserCodeError as error:
        return {**error.as_payload(), "context": repr(error.__context__), "stage_now": channel.current_stage}
    return {}


def sends_nan(request, channel):
    return {"value": math.nan}


def our_bug(request, channel):
    with channel.stage("check:UD999"):
        return {}["missing"]


def returns_nothing(request, channel):
    return None


def large(request, channel):
    channel.partial({"text": "x" * request["size"]})
    return {}


def floods(request, channel):
    while True:
        channel.partial({"text": "x" * 100_000})


def spawns(request, channel):
    subprocess.Popen(["sleep", "1000"], start_new_session=True)
    time.sleep(0.3)
    return request


def run_forged(request, channel):
    """Raise our own exception with contents that cannot be sent."""
    from unetdoctor.worker import UserCodeError

    error = UserCodeError.__new__(UserCodeError)
    error.stage = object()
    raise error
