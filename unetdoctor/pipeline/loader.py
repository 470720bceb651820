"""The course of `audit --loader`: a Dataset is made and asked for samples, which go the way of files."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from unetdoctor.data.pair import audit_pair
from unetdoctor.data.sketches import sketch_of
from unetdoctor.data.totals import totals_of
from unetdoctor.engine.datasets import USUAL, Sample, made, npy_bytes, samples
from unetdoctor.engine.loading import RequestError
from unetdoctor.engine.yielded import Survey
from unetdoctor.facts.contract import dump, load_declared
from unetdoctor.facts.dataset import Declared
from unetdoctor.facts.pair import FileFacts, Oddity, PairRecord

USUAL_IN_MEMORY = (Oddity.FLOAT, Oddity.DEEP, Oddity.SUFFIX)
"""What is odd about a file of pictures, and how every Dataset yields them."""


def examine_loader(request: dict[str, Any], channel: Any) -> dict[str, Any]:
    """Examine a Dataset as the worker's child: totals, records, what is yielded and small pictures come out.

    The request holds `loader`, `directory`, `declared`, `sample`, `seed` and `draws`.
    """
    declared: Declared = load_declared(request["declared"])
    try:
        dataset = made(request["loader"], Path(request["directory"]), channel.guard)
        survey, records, sketches = Survey(), list[PairRecord](), dict[str, Any]()
        for sample in samples(dataset, request["sample"] or USUAL, request["seed"], channel.guard):
            survey.take(sample)
            image, mask = npy_bytes(sample.image), npy_bytes(sample.mask)
            records.append(_record(sample, image, mask, declared))
            if request["draws"]:
                sketches[sample.name] = sketch_of(image, mask, declared)
            channel.event("sample", {"done": survey.count})
    except RequestError as error:
        return {"request_error": error.sentence, "commands": list(error.commands)}
    if not records:
        return {"request_error": f"--loader {request['loader']}: the dataset yields no sample.", "commands": []}
    return {
        "totals": dump(totals_of(records, declared)),
        "records": [dump(record) for record in records],
        "yielded": dump(survey.facts(dataset)),
        "sketches": sketches,
        "length": dataset.length,
    }


def _record(sample: Sample, image: bytes | None, mask: bytes | None, declared: Declared) -> PairRecord:
    names = {"image_name": sample.name, "mask_name": sample.name if mask is not None else ""}
    record = audit_pair(image, mask, declared, **names, name=sample.name, wants_mask=False)
    return replace(record, image=_in_memory(record.image), mask=_in_memory(record.mask))


def _in_memory(file: FileFacts | None) -> FileFacts | None:
    """Return what is known of an array without what is odd about a file and usual in memory."""
    if file is None:
        return None
    return replace(file, oddities=tuple(odd for odd in file.oddities if odd not in USUAL_IN_MEMORY))
