"""The course of `audit --loader`: a Dataset is made and asked for samples, which go the way of files."""

import io
from pathlib import Path
from typing import Any

import numpy as np

from unetdoctor.data.pair import audit_pair
from unetdoctor.data.sketches import sketch_of
from unetdoctor.data.totals import totals_of
from unetdoctor.engine.datasets import USUAL, Sample, Values, made, samples
from unetdoctor.engine.loading import RequestError
from unetdoctor.engine.yielded import Survey
from unetdoctor.facts.contract import dump, load_declared
from unetdoctor.facts.dataset import Declared
from unetdoctor.facts.pair import PairRecord


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
            image, mask = _bytes(sample.image), _bytes(sample.mask)
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
        "yielded": dump(survey.facts(dataset, declared)),
        "sketches": sketches,
        "length": dataset.length,
    }


def _record(sample: Sample, image: bytes | None, mask: bytes | None, declared: Declared) -> PairRecord:
    names = {"image_name": sample.name, "mask_name": sample.name if mask is not None else ""}
    return audit_pair(image, mask, declared, **names, name=sample.name, wants_mask=False)


def _bytes(values: Values | None) -> bytes | None:
    """Return an array as the bytes of a .npy file, which are decoded like those of any other."""
    if values is None:
        return None
    stream = io.BytesIO()
    np.save(stream, values, allow_pickle=False)
    return stream.getvalue()
