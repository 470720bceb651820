"""Which pictures a report shows: the main output as it is, and the same under the best trial."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from unetdoctor.engine.bench import NotApplicableError
from unetdoctor.engine.decoding import decodings
from unetdoctor.engine.examination import Examination
from unetdoctor.engine.mask_pictures import mask_pictures
from unetdoctor.engine.outputs import channels_first
from unetdoctor.engine.previews import draw
from unetdoctor.facts import Decoding, Evidence, Preview, Remedy, Task, Trial

BATCH = Remedy("batch_statistics")
WriteRaw = Callable[[str, bytes], dict[str, Any]]


def pictures(examination: Examination, trial: Trial | None, write_raw: WriteRaw) -> tuple[Preview, ...]:
    """Return the previews of the main pass, and of the best trial.

    An untrained network's trial is drawn with batch statistics as well, since stored ones that were never filled leave
    nothing to see.
    """
    main = examination.main
    evidence = examination.evidence()
    output = next((r.output for r in evidence.runs if r.probe.name == main.probe.name), None)
    if main.output is None or output is None:
        return ()
    source = main.inputs[0] if main.inputs and not examination.subject.latent else None
    task, fed = task_of(evidence), main.probe.shape
    drawn = channels_first(main.output, fed)
    source = channels_first(source, fed) if source is not None else None
    found = list(draw(drawn, output, main.probe.name, write_raw, task=task, source=source))
    if trial is not None:
        found += _of_trial(examination, trial, write_raw)
    found += mask_pictures(examination, trial, write_raw)
    return tuple(found)


def decoded(examination: Examination, write_raw: WriteRaw | None) -> tuple[tuple[Decoding, ...], tuple[Preview, ...]]:
    """Return the main output under every usual reading, with previews where pictures are wanted."""
    main = examination.main
    output = next((r.output for r in examination.evidence().runs if r.probe.name == main.probe.name), None)
    if main.output is None or output is None:
        return (), ()
    found: list[Decoding] = []
    previews: list[Preview] = []
    for reading in decodings(channels_first(main.output, main.probe.shape), output):
        if write_raw is None:
            found.append(reading.fact)
            continue
        pixels, mode = reading.pixels
        name = f"{main.probe.name}-decoding-{len(found) + 1}"
        written = write_raw(f"{name}.raw", pixels.numpy().tobytes())
        height, width = pixels.shape[:2]
        where = (str(written["file"]), int(written["size"]), str(written["sha256"]))
        title = f"{reading.fact.name}: it fits" if reading.fact.supported else reading.fact.name
        previews.append(Preview(name, title, reading.fact.formula, width, height, mode, "decoding", *where))
        found.append(replace(reading.fact, preview=name))
    return tuple(found), tuple(previews)


def task_of(evidence: Evidence) -> Task:
    """Return what the output is drawn as: painted classes are a picture, and no scores; ids are neither."""
    run = evidence.main
    ids = run is not None and run.output is not None and run.output.holds_ids
    return Task.RGB if evidence.painted and not ids else evidence.intent.effective


def _of_trial(examination: Examination, trial: Trial, write_raw: WriteRaw) -> list[Preview]:
    remedies, title = trial.remedies, trial.title
    model = examination.evidence().model
    fills = any(r.action in ("batch_statistics", "recalibrate") for r in remedies)
    if not model.trained and not fills and any(n.pristine and n.used_stored for n in model.norms):
        remedies, title = (*remedies, BATCH), f"{title}, with batch statistics"
    try:
        found = examination.picture_under(remedies)
    except (NotApplicableError, RuntimeError, ValueError):
        return []
    if found is None:
        return []
    drawn = channels_first(found[0], examination.main.probe.shape)
    previews = draw(drawn, found[1], "trial", write_raw, task=task_of(examination.evidence()))
    shown = next((p for role in ("picture", "classes", "displayed") for p in previews if p.role == role), None)
    return [] if shown is None else [replace(shown, title=title, role="trial")]
