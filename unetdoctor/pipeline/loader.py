"""The course of `audit --loader`: a Dataset is made and asked for samples, which go the way of files."""

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import Any

from unetdoctor.data.pair import audit_pair
from unetdoctor.data.sketches import sketch_of
from unetdoctor.data.totals import totals_of
from unetdoctor.engine.datasets import USUAL, Failed, Sample, made, npy_bytes, samples
from unetdoctor.engine.loading import RequestError
from unetdoctor.engine.yielded import Survey
from unetdoctor.facts.contract import dump, load_declared
from unetdoctor.facts.dataset import Declared
from unetdoctor.facts.pair import Fault, FileFacts, Oddity, PairRecord

USUAL_IN_MEMORY = (Oddity.FLOAT, Oddity.DEEP, Oddity.SUFFIX)
"""What is odd about a file of pictures, and how every Dataset yields them."""


def examine_loader(request: dict[str, Any], channel: Any) -> dict[str, Any]:
    """Examine a Dataset as the worker's child: totals, records, what is yielded and small pictures come out.

    The request holds `loader`, `directory`, `declared`, `sample`, `seed` and `draws`. The Dataset runs in the person's
    own directory; that nothing is written there is the fence's doing.
    """
    with contextlib.chdir(request["directory"]):  # a Dataset names its files as its author's shell does
        return _examined(request, channel)


def _examined(request: dict[str, Any], channel: Any) -> dict[str, Any]:
    declared: Declared = load_declared(request["declared"])
    try:
        dataset = made(request["loader"], Path(request["directory"]), channel.guard)
        survey, records, sketches = Survey(), list[PairRecord](), dict[str, Any]()
        for sample in samples(dataset, request["sample"] or USUAL, request["seed"], channel.guard):
            channel.event("sample", {"done": len(records) + 1})
            if isinstance(sample, Failed):
                survey.lost(sample)
                records.append(_lost(sample))
                continue
            survey.take(sample)
            image, mask = npy_bytes(sample.image), npy_bytes(sample.mask)
            records.append(_record(sample, image, mask, declared))
            if request["draws"]:
                sketches[sample.name] = sketch_of(image, mask, declared)
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


def _lost(failed: Failed) -> PairRecord:
    """Return the record of a sample that raised."""
    file = FileFacts(failed.name, fault=Fault.RAISED, reason=f"{failed.name} raised {failed.reason}.")
    return PairRecord(failed.name, image=file, wants_mask=False)


def _record(sample: Sample, image: bytes | None, mask: bytes | None, declared: Declared) -> PairRecord:
    names = {"image_name": sample.name, "mask_name": sample.name if mask is not None else ""}
    record = audit_pair(image, mask, declared, **names, name=sample.name, wants_mask=False)
    return replace(record, image=_in_memory(record.image), mask=_in_memory(record.mask))


def _in_memory(file: FileFacts | None) -> FileFacts | None:
    """Return what is known of an array without what is odd about a file and usual in memory."""
    if file is None:
        return None
    return replace(file, oddities=tuple(odd for odd in file.oddities if odd not in USUAL_IN_MEMORY))
