"""Sample reports made by hand: one per state, one with names that attack a terminal, one that is long."""

import math
from dataclasses import replace

from unetdoctor.facts import (
    Channel,
    Crash,
    Diagnosis,
    DisplayRange,
    Environment,
    Finding,
    InputChoice,
    Intent,
    Kind,
    Latent,
    Operand,
    Outcome,
    Output,
    Place,
    Preview,
    Reading,
    Remedy,
    Report,
    RunBlock,
    Section,
    Severity,
    ShapeSweep,
    SignalPoint,
    Skipped,
    State,
    Target,
    Task,
    Trial,
)

HOSTILE = (
    "conv[/][red]x[link=http://a]",
    "\x1b[31mred\x1b]8;;http://a\x07link\x1b]52;c;AA==\x07",
    "\x9b31m c1 \x00nul",
    "FAIL\rPASS\x08\x08",
    "a\u202eb\u200bc\u2066d\ufeff",
    "lone \ud800 surrogate \udce9",
    ":boom: :smile:",
    "x" * 4000,
    "two\nlines\tand tab\u2028sep",
    "日本語の層" * 40,
    "e" + "\u0301" * 300,
)


def histogram(*peaks: tuple[int, int]) -> tuple[int, ...]:
    bins = [0] * 32
    for index, value in peaks:
        bins[index] = value
    return tuple(bins)


FLAT = histogram((15, 3000), (16, 9200), (17, 88))
WIDE = tuple(int(900 * math.exp(-(((index - 15.5) / 9) ** 2))) for index in range(32))


def channel(index: int, flat: bool = True) -> Channel:
    if flat:
        return Channel(index, -0.0213, 0.0187, -0.00042, 0.0064, 127.4, 0.82, 125.2, 129.6, 6, FLAT, 0.0065)
    return Channel(index, -0.998, 0.997, 0.0131, 0.561, 129.1, 71.4, 8.2, 249.0, 256, WIDE, 1.31)


def output(channels: int = 3, flat: bool = True, **changes: object) -> Output:
    made = Output(
        path="output",
        shape=(16, channels, 32, 32),
        dtype="float32",
        drawn_by=30,
        final_ops=("tanh",),
        activation="tanh",
        activation_op=31,
        display=DisplayRange(-1.0, 1.0, "as is", "tanh"),
        channels=tuple(channel(index, flat) for index in range(channels)),
        count=16 * channels * 32 * 32,
        nan=0,
        infinite=0,
        minimum=-0.0213,
        maximum=0.0187,
        mean_8bit=127.4,
        std_8bit=0.82 if flat else 71.4,
        spread_8bit=4.4 if flat else 240.8,
        raw_spread=0.0065 if flat else 1.31,
        channel_difference_8bit=3.1,
        channel_difference_raw=1.2,
        channel_correlation=0.04,
        chroma_8bit=0.5,
        at_low=0.0,
        at_high=0.0,
        outside=0.0,
        sample_difference_8bit=0.9,
        class_shares=(),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


PLACE = Place("main.10", "generator_grey.py", 34)
NORM = Place("main.1", "generator_grey.py", 25)
ENVIRONMENT = Environment(
    "0.1.0",
    "3.11.9",
    "2.15.0+cpu",
    "Linux x86_64",
    "cpu",
    ("writes outside scratch (Landlock)", "a session of its own, without terminal", "at most 12.4 GiB of memory"),
    ("no TCP: the kernel is older than 6.7",),
)
SECTIONS = (
    Section("Loading and running", ("UD003", "UD005"), Severity.NOTE),
    Section("Geometry", ("UD101", "UD102"), Severity.OK),
    Section(
        "The picture",
        ("UD201", "UD202", "UD203", "UD204", "UD205", "UD206", "UD209", "UD210", "UD212"),
        Severity.WARNING,
    ),
    Section(
        "Weights and normalisation", ("UD301", "UD302", "UD303", "UD304", "UD306", "UD307", "UD308"), Severity.WARNING
    ),
    Section("Activations and latent", ("UD403", "UD409", "UD411"), Severity.OK),
    Section("Head and task", ("UD501",), Severity.OK),
)


def ok(code: str, name: str, place: Place = PLACE, kind: Kind = Kind.CAUSE, *readings: Reading) -> Finding:
    return Finding(code, name, kind, Severity.OK, place, f"{name.replace('-', ' ')} is not the case.", readings)


FLAT_PICTURE = Finding(
    "UD203",
    "flat-picture",
    Kind.SYMPTOM,
    Severity.WARNING,
    Place("main.10", "generator_grey.py", 34),
    "The picture is flat mid-grey: its 8-bit p99-p1 is 4.4 levels, a picture has at least 20.",
    (
        Reading("p99-p1", 4.4, "8-bit levels", 20.0, None),
        Reading("standard deviation", 0.82, "8-bit levels", 4.0, None),
        Reading("mean", 127.4, "8-bit levels"),
    ),
)
NORM_FINDING = Finding(
    "UD308",
    "batchnorm-never-updated",
    Kind.CAUSE,
    Severity.WARNING,
    NORM,
    "3 of 3 batch-norm layers hold mean 0 and variance 1 with counter 0 and normalise with them in eval().",
    (Reading("layers with pristine statistics", 3, "layers", None, 0),),
)
UNTRAINED_NOTE = Finding(
    "UD003",
    "model-is-untrained",
    Kind.NOTE,
    Severity.NOTE,
    Place(),
    "No weights were given and all 4 weighted layers bear the fingerprint of a fresh initialisation.",
    (Reading("fresh layers", 100, "%"),),
)
WELL = (
    ok(
        "UD202",
        "identical-channels",
        PLACE,
        Kind.SYMPTOM,
        Reading("largest difference", 3.1, "8-bit levels", 1.0, None),
    ),
    ok("UD206", "non-finite-output", PLACE, Kind.SYMPTOM, Reading("share of NaN and Inf", 0.0, "%", None, 0.0)),
    ok("UD301", "identical-final-filters", PLACE, Kind.CAUSE, Reading("smallest cosine", 0.03, "", None, 0.99)),
    ok("UD403", "signal-vanishes", NORM, Kind.CAUSE, Reading("signal out over in", 0.41, "x", 0.05, None)),
)
PATCH = """model.train()
with torch.no_grad():
    for _ in range(60):
        model(torch.randn(64, 64, 1, 1))
model.eval()"""
RECALIBRATE = Remedy(
    "recalibrate",
    Place(),
    {"passes": 60},
    "fill the batch-norm statistics with 60 passes in train mode",
    PATCH,
    "UD308",
    2,
)


def remedy(title: str, action: str = "x", cause: str = "", scope: int = 1) -> Remedy:
    return Remedy(action, PLACE, {}, title, "", cause, scope)


def trial(title: str, outcome: Outcome, after: float, reason: str = "") -> Trial:
    made = remedy(title)
    return Trial((made,), "UD203", outcome, "p99-p1", "8-bit levels", 4.4, after, reason, after / 4)


CURE = Trial((RECALIBRATE,), "UD203", Outcome.CURED, "p99-p1", "8-bit levels", 4.4, 240.8, "", 71.4)
TRIALS = (
    trial("sigmoid instead of tanh", Outcome.WORSE, 2.1),
    trial("initialise the last layer with xavier_uniform_", Outcome.NO_EFFECT, 5.9),
    trial("initialise the last layer with kaiming_normal_ (fan-out)", Outcome.BETTER, 11.8),
    trial("spectral_norm on the last layer", Outcome.NO_EFFECT, 4.1),
    trial("latent ten times as wide", Outcome.NO_EFFECT, 4.5, "batch-norm takes the scale away"),
    CURE,
    trial("normalise with batch statistics", Outcome.CURED, 238.2),
    trial("reinitialise the whole network with kaiming_normal_ (fan-in)", Outcome.CURED, 98.0),
    trial("drop the last layer's bias", Outcome.NOT_TRIED, math.nan, "the layer has no bias"),
)
DIAGNOSIS = Diagnosis(
    "UD308",
    "batchnorm-never-updated",
    NORM,
    True,
    ("UD203",),
    Severity.WARNING,
    "The running statistics of 3 batch-norm layers were never filled, so eval() divides by a variance of 1.",
    RECALIBRATE,
    CURE,
)
SIGNAL = (
    SignalPoint("convolution", "main.0", (16, 256, 4, 4), 0.29, 0.29),
    SignalPoint("native_batch_norm", "main.1", (16, 256, 4, 4), 0.29, 0.97),
    SignalPoint("relu", "main.2", (16, 256, 4, 4), 0.17, 0.57),
    SignalPoint("convolution", "main.3", (16, 128, 8, 8), 0.081, 0.33),
    SignalPoint("native_batch_norm", "main.4", (16, 128, 8, 8), 0.081, 0.98),
    SignalPoint("relu", "main.5", (16, 128, 8, 8), 0.046, 0.58),
    SignalPoint("convolution", "main.6", (16, 64, 16, 16), 0.02, 0.32),
    SignalPoint("native_batch_norm", "main.7", (16, 64, 16, 16), 0.02, 0.98),
    SignalPoint("relu", "main.8", (16, 64, 16, 16), 0.011, 0.58),
    SignalPoint("convolution", "main.9", (16, 3, 32, 32), 0.0064, 0.34),
    SignalPoint("tanh", "main.10", (16, 3, 32, 32), 0.0064, 0.31),
)
SKIPPED = (
    Skipped("UD207", "the output is a picture and not a class map"),
    Skipped("UD208", "the output is a picture and not a class map"),
    Skipped("UD001", "no weights file was given"),
)


def preview(name: str, role: str, title: str = "", caption: str = "", mode: str = "L", **changes: object) -> Preview:
    made = Preview(
        name, title or name, caption, 32, 32, mode, role, f"unetdoctor-out/generator_grey/{name}.png", 1, "0" * 64
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def untrained() -> Report:
    return Report(
        schema_version="1.0",
        state=State.UNTRAINED,
        verdict=(
            "The network is untrained and draws flat mid-grey in eval() because its batch-norm statistics were never "
            "filled; with batch statistics the 8-bit p99-p1 is 241 instead of 4.4."
        ),
        target=Target(
            "sample_models/generator_grey.py",
            "Generator",
            "python file",
            ("Generator is the only module class of the file", "latent_dim=64 was guessed from its name"),
            1_068_544,
            4,
        ),
        intent=Intent(inferred_task=Task.GENERATOR, inferred_from="a latent input, three channels and tanh"),
        input=InputChoice(
            (16, 64, 1, 1), "first consumed parameter", True, "latents from N(0, 1)", ("[16, 64]: expected 4D input",)
        ),
        environment=ENVIRONMENT,
        diagnoses=(DIAGNOSIS,),
        findings=(UNTRAINED_NOTE, FLAT_PICTURE, NORM_FINDING, *WELL),
        trials=TRIALS,
        skipped=SKIPPED,
        sections=SECTIONS,
        outputs=(("latents", output()), ("second-latents", output())),
        batch_outputs=(("latents", output(flat=False)),),
        signal=SIGNAL,
        latent=Latent((16, 64, 1, 1), 1.0, -3.9, 4.1, False),
        previews=(
            preview("sheet", "sheet", "all pictures on one page", mode="RGB"),
            preview("signal", "signal", "spread of the signal along the depth", mode="RGB"),
            preview("latents-channel-0", "displayed", "channel 0", "-1..1"),
        ),
        untouched_text="22 parameters and buffers, the random state and the training flags are bit-identical",
        log="hello from your model\n\x1b[31mred\x1b[0m\n",
        timings=RunBlock("2030-01-01T00:00:00Z", 6.42, 5.9, {"import": 3.9, "forward": 0.4}, 10**9),
    )


def ill() -> Report:
    place = Place("main.9", "generator_same.py", 31)
    return replace(
        untrained(),
        state=State.ILL,
        verdict="R=G=B: all 3 filters of main.9 (generator_same.py:31) are equal; fresh xavier weights there cure it.",
        exit_code=1,
        diagnoses=(
            Diagnosis(
                "UD301",
                "identical-final-filters",
                place,
                True,
                ("UD202",),
                Severity.ERROR,
                "The 3 filters of the last layer are equal bit for bit, so all channels are.",
                replace(
                    remedy("initialise main.9 with xavier_uniform_"),
                    patch="nn.init.xavier_uniform_(model.main[9].weight)",
                ),
                replace(CURE, symptom="UD202", reading="largest difference", before=0.0, after=91.0),
            ),
            replace(DIAGNOSIS, confirmed=False, trial=None, explains=()),
        ),
        findings=(
            Finding(
                "UD202",
                "identical-channels",
                Kind.SYMPTOM,
                Severity.ERROR,
                place,
                "All 3 channels are equal within 0 8-bit levels: the picture is grey.",
                (
                    Reading("largest difference", 0.0, "8-bit levels", 1.0),
                    Reading("chroma", 0.99951, "8-bit levels", 1.0),
                ),
            ),
            Finding(
                "UD301",
                "identical-final-filters",
                Kind.CAUSE,
                Severity.ERROR,
                place,
                "The filters are equal.",
                (Reading("smallest cosine", 1.0, "", None, 0.99),),
            ),
            *WELL[1:2],
        ),
        batch_outputs=(),
        sections=(
            Section("The picture", ("UD202", "UD206"), Severity.ERROR),
            Section("Weights and normalisation", ("UD301",), Severity.ERROR),
        ),
    )


def healthy() -> Report:
    return replace(
        untrained(),
        state=State.HEALTHY,
        verdict="The network draws a sound mask: 2 classes, and the larger one covers 71% of photograph.png.",
        target=replace(untrained().target, how=("Generator is the only module class of the file",)),
        diagnoses=(),
        findings=WELL,
        trials=(),
        sections=tuple(replace(section, worst=Severity.OK) for section in SECTIONS),
        outputs=(("image-1", output(2, False)),),
        batch_outputs=(),
    )


def not_diagnosable() -> Report:
    return Report(
        schema_version="1.0",
        state=State.NOT_DIAGNOSABLE,
        verdict="Stage import raised ModuleNotFoundError: No module named 'lightning' at unet.py:3 (import lightning).",
        target=Target("unet.py", "", "", (), 0, 0),
        intent=Intent(),
        input=None,
        environment=replace(ENVIRONMENT, torch=""),
        failure="import",
        exit_code=3,
        log="Traceback (most recent call last):\n  File 'unet.py'\n",
        timings=RunBlock("2030-01-01T00:00:00Z", 4.2),
    )


def interrupted() -> Report:
    return replace(
        untrained(),
        state=State.NOT_DIAGNOSABLE,
        verdict="Interrupted by SIGINT in stage trial; what follows was measured before that.",
        failure="trial",
        exit_code=130,
        diagnoses=(),
        previews=(),
    )


def crashed() -> Report:
    up = Place("up3", "unet.py", 88)
    down = Place("enc2", "unet.py", 41)
    return replace(
        ill(),
        verdict="torch.cat in up3 (unet.py:88) joins 25x25 with 24x24; 100x100 is no multiple of 16, 112x112 is.",
        crash=Crash(
            "RuntimeError",
            "Sizes of tensors must match except in dimension 1. Expected size 24 but got size 25 for tensor number 1.",
            "cat",
            1,
            (
                Operand((1, 128, 24, 24), 20, up),
                Operand((1, 128, 25, 25), 7, down),
                Operand((4,), None, up, "up3.weight"),
            ),
            up,
            (1, 3, 100, 100),
        ),
        outputs=(),
        trials=(),
        shapes=ShapeSweep(((112, 112), (96, 96)), ((100, 100),), 16, 16, (100, 100), (112, 112), (96, 96)),
    )


def hostile(name: str) -> Report:
    """Put one name into every string that comes from outside."""
    place = Place(name, name, 3, name)
    made = remedy(name)
    bad = replace(FLAT_PICTURE, place=place, message=f"Layer {name} is flat.", name=name)
    tried = replace(CURE, remedies=(replace(made, place=place, title=name, patch=f"layer = '{name}'"),), reason=name)
    return replace(
        untrained(),
        verdict=f"Layer {name} is to blame.",
        target=Target(name, name, name, (name,), 10, 1, name),
        intent=Intent(inferred_task=Task.RGB, inferred_from=name),
        input=InputChoice((1, 3, 4, 4), name, False, name, (name,)),
        diagnoses=(replace(DIAGNOSIS, place=place, message=name, remedy=tried.remedies[0], trial=tried, name=name),),
        findings=(bad, *WELL),
        trials=(tried,),
        skipped=(Skipped(name, name),),
        outputs=((name, output(path=name, dtype=name)),),
        signal=(SignalPoint(name, name, (1,), 1.0, math.nan),),
        previews=(preview("a", "sheet", name, name, file=name),),
        notices=(name,),
        untouched_text=name,
        crash=Crash(name, name, name, 1, (Operand((1,), 1, place, name),), place, (1,)),
        log=name,
    )


STATES = {
    "untrained": untrained,
    "ill": ill,
    "healthy": healthy,
    "not_diagnosable": not_diagnosable,
    "interrupted": interrupted,
    "crashed": crashed,
}
