"""The record of every pair as CSV or as JSON lines, a few hundred at a time."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from unetdoctor.reporters.json_text import to_line
from unetdoctor.reporters.trace_csv import inert

Record = Mapping[str, Any]

FILE_COLUMNS = ("file", "format", "mode", "width", "height", "bytes", "fault", "oddities")
COLUMNS = (
    "name",
    "split",
    *(f"image_{name}" for name in FILE_COLUMNS),
    *(f"mask_{name}" for name in FILE_COLUMNS),
    *("mean_r", "mean_g", "mean_b", "chroma", "grey"),
    *("coding", "family", "distinct", "values", "alignment", "alignment_gain"),
)
"""Columns of the table."""
_SCALE = 65535


def to_json_lines(shards: Iterable[Sequence[Record]]) -> Iterator[str]:
    """Yield every record as one line of JSON."""
    for records in shards:
        yield "".join(map(to_line, records))


def to_csv(shards: Iterable[Sequence[Record]]) -> Iterator[str]:
    """Yield every record as one row; no cell begins a formula when a spreadsheet opens it."""
    yield ",".join(COLUMNS) + "\n"
    for records in shards:
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerows([inert(str(cell)) for cell in _row(record)] for record in records)
        yield stream.getvalue()


def _row(record: Record) -> list[Any]:
    labels, alignment = record["labels"] or {}, record["alignment"] or {}
    values = " ".join(f"{value:g}" for value, _ in labels.get("values", ()))
    return [
        record["name"],
        record["split"],
        *_file(record["image"]),
        *_file(record["mask"]),
        *_picture(record["picture"]),
        *(labels.get("coding", ""), labels.get("family", ""), labels.get("distinct", ""), values),
        *(alignment.get("best", ""), alignment.get("gain", "")),
    ]


def _file(file: Record | None) -> list[Any]:
    if file is None:
        return [""] * len(FILE_COLUMNS)
    height, width = file["stored"] if file["orientation"] < 5 else reversed(file["stored"])
    told = (file["fault"] or "", " + ".join(file["oddities"]))
    return [file["name"], file["format"], file["mode"], width or "", height or "", file["length"], *told]


def _picture(picture: Record | None) -> list[Any]:
    if picture is None:
        return [""] * 5
    means = [f"{total / picture['pixels'] / _SCALE:.4f}" for total in picture["sums"]]
    means = means * 3 if len(means) == 1 else means[:3]
    return [*means, f"{picture['chroma']:.2f}", "yes" if picture["grey"] or len(picture["sums"]) == 1 else "no"]
