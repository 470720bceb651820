"""The text of an audit, its records as a table, and its contact sheet."""

import base64
import csv
import io
import json
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from unetdoctor.data.pair import audit_pair
from unetdoctor.data.sketches import SIDE, sketch_of
from unetdoctor.data.totals import totals_of
from unetdoctor.facts import Declared, Form, Task, Yielded
from unetdoctor.facts.audit import Audited, Listed
from unetdoctor.facts.contract import dump
from unetdoctor.facts.pair import PairRecord
from unetdoctor.pipeline.audit import audited
from unetdoctor.reporters.audit import to_text
from unetdoctor.reporters.audit_records import COLUMNS, to_csv, to_json_lines
from unetdoctor.reporters.formats import FORMATS
from unetdoctor.reporters.look import Look
from unetdoctor.reporters.offenders import offenders, sheet
from unetdoctor.reporters.svg import audit_to_svg

DECLARED = Declared(task=Task.MULTICLASS, classes=2)


def png(values: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(values).save(stream, "PNG")
    return stream.getvalue()


def image(seed: int) -> bytes:
    rng = np.random.default_rng(seed)
    return png((rng.integers(0, 60, (32, 32, 3)) + np.array([90, 40, 10])).astype(np.uint8))


def mask(factor: int = 1, side: int = 32) -> bytes:
    values = np.zeros((side, side), np.uint8)
    values[8:20, 4:22] = factor
    return png(values)


def records(*masks: bytes | None) -> list[PairRecord]:
    return [
        audit_pair(image(n), data, DECLARED, image_name=f"i/{n}.png", mask_name=f"m/{n}.png")
        for n, data in enumerate(masks)
    ]


def found(*masks: bytes | None, listed: Listed = Listed()) -> Audited:  # noqa: B008 - frozen
    report = audited(totals_of(records(*masks), DECLARED), DECLARED, "i")
    return Audited(report, listed, seconds=2.0, pairs_per_s=len(masks) / 2.0)


def test_all_is_well_is_one_green_line_and_what_was_counted() -> None:
    text = to_text(found(mask(), mask(), mask(), mask()), Look(width=80))
    first = text.split("\n")[0]
    assert first.startswith("✓ HEALTHY  11 of 12 checks applied, on 4 pictures and 4 masks, and found nothing")
    assert "Remedy" not in text
    for line in ("Pairs   4", "Sizes   4 32x32", "Files   4 image PNG RGB, 4 mask PNG L", "4 pairs · 2.0 s, 2 pairs/s"):
        assert line in text
    assert "\x1b[" in to_text(found(mask(), mask()), Look(width=80, colors="standard"))


def test_each_kind_of_fault_is_one_entry_with_examples() -> None:
    result = found(mask(), mask(), mask(side=16), mask(5), None)
    text = to_text(result, Look(width=80))
    assert "✗ ILL" in text
    assert "UD606" in text
    assert "(m/2.png)" in text
    assert "UD612" in text
    assert "1 image without mask" in text
    assert max(len(line) for line in text.split("\n") if "Remedy" not in line and not line.startswith("    ")) <= 82
    plain = to_text(result, Look(width=80, ascii_only=True))
    assert plain.isascii()


def test_what_the_verdict_says_is_not_said_again() -> None:
    text = to_text(found(mask(), mask(), mask(side=16)), Look(width=160))
    assert text.count("has the form of its picture and another size") == 1
    assert re.search(r"UD606  mask-size-differs +as said above\n", text)


def test_where_the_contact_sheet_is_to_be_had() -> None:
    assert "--out-dir DIR" in to_text(found(mask(), mask(side=16)), Look(width=80))
    assert "--out-dir" not in to_text(found(mask(), mask()), Look(width=80))


def test_pairs_are_counted_without_those_that_are_none() -> None:
    assert "12 checks · 2 pairs and 1 file alone · " in to_text(found(mask(), mask(), None), Look(width=80))
    assert " · 2 files · 2.0 s, 1 files/s" in to_text(found(None, None), Look(width=80))


def test_an_audit_is_drawn_as_its_terminal_shows_it() -> None:
    drawn = audit_to_svg(found(mask(), mask(side=16)))
    ElementTree.fromstring(drawn)
    assert "unetdoctor&#160;audit&#160;i" in drawn
    assert "mask-size-differs" in drawn
    assert FORMATS["svg"].mark.match(drawn.encode())


def test_what_was_not_listed_is_said() -> None:
    troubles = tuple(f"x{n}: permission denied" for n in range(6))
    listed = Listed("found in m", troubles=troubles, others={".txt": (3, "a.txt")})
    text = to_text(found(mask(), listed=listed), Look(width=100))
    assert "not listed: x0: permission denied" in text
    assert "not listed: 2 more with -v" in text
    assert "no picture: 3 .txt" in text
    assert "Masks   found in m" in text
    assert "x5" in to_text(found(mask(), listed=listed), Look(width=100, verbose=True))


def test_what_is_not_clear_is_said() -> None:
    listed = Listed(ambiguous=tuple(f"{n}.png has several masks: a, b" for n in range(6)), ambiguous_count=60)
    text = to_text(found(mask(), listed=listed), Look(width=100))
    assert "!  It is not clear which mask belongs to 60 images; name masks by a pattern." in text
    assert "3.png has several masks" in text
    assert "4.png has several masks" not in text


def test_grey_pictures_have_one_histogram_and_rows_of_ids_name_their_masks() -> None:
    grey = png(np.random.default_rng(0).integers(0, 200, (32, 32), np.uint8))
    palette = io.BytesIO()
    Image.fromarray(np.tile(np.array([0, 1], np.uint8), (32, 16)), mode="P").save(palette, "PNG")
    names = {"image_name": "a.png", "mask_name": "m.png"}
    records = [audit_pair(grey, content, DECLARED, **names) for content in (mask(), palette.getvalue())]
    report = audited(totals_of(records, DECLARED), DECLARED, "a")
    text = to_text(Audited(report, Listed(), 1.0, 2.0), Look(width=100))
    assert "Grey" in text
    assert "Green" not in text
    assert "(masks of grey levels)" in text
    assert "(masks of palette indices)" in text


def test_names_of_files_are_inert() -> None:
    listed = Listed(troubles=("\x1b[31mred: [bold]no",))
    text = to_text(found(mask(), listed=listed), Look(width=100, colors="standard"))
    assert "\x1b[31mred" not in text
    assert "\\x1b[31mred: [bold]no" in text


def test_what_a_dataset_yields() -> None:
    yielded = Yielded(
        "map-style, 9 samples",
        4,
        "(Tensor, Tensor)",
        (Form("float32", (3, 8, 8), 3, 0.0, 1.0, 0.5, 0.25), Form("float32", (3, 8, 9), 1, 0.0, 1.0, 0.5, 0.25)),
        (),
    )
    audited = found(mask())
    assert audited.report.data is not None
    report = replace(audited.report, data=replace(audited.report.data, yielded=yielded))
    text = to_text(replace(audited, report=report), Look(width=100))
    assert "float32 3x8x8, 3 of 4, values 0..1, mean 0.5, std 0.25" in text
    assert "Masks    none" in text
    assert "transforms.Normalize" not in text


def test_records_as_a_table_and_as_lines() -> None:
    values = [[dump(record) for record in records(mask(), b"no picture")], [dump(record) for record in records(None)]]
    rows = list(csv.DictReader(io.StringIO("".join(to_csv(values)))))
    assert tuple(rows[0]) == COLUMNS
    assert [row["name"] for row in rows] == ["i/0.png", "i/1.png", "i/0.png"]
    assert (rows[0]["mask_format"], rows[0]["image_width"], rows[0]["values"]) == ("PNG", "32", "0 1")
    assert rows[1]["mask_fault"] == "no picture"
    assert rows[2]["mask_file"] == ""
    lines = [json.loads(line) for line in "".join(to_json_lines(values)).splitlines()]
    assert lines == [record for shard in values for record in shard]


@pytest.mark.parametrize("name", ["=cmd|'/c calc'!A0.png", "@SUM(1).png", "\x1b]0;x.png"])
def test_no_cell_is_a_formula(name: str) -> None:
    record = audit_pair(image(0), None, DECLARED, image_name=name)
    (row,) = csv.DictReader(io.StringIO("".join(to_csv([[dump(record)]]))))
    assert row["name"][0] in "'\\"
    assert "\x1b" not in row["name"]


def test_the_worst_of_each_fault_are_drawn() -> None:
    contents = (mask(), mask(side=16), mask(side=16), None)
    report = found(*contents).report
    chosen = offenders(report)
    by_code = {finding.code: [name for f, name in chosen if f is finding] for finding, _ in chosen}
    assert by_code["UD606"] == ["m/1.png", "m/2.png"]
    assert by_code["UD612"] == ["i/3.png"]
    sketches = [sketch_of(image(0), mask(), DECLARED) for _ in chosen[1:]] + [{"words": "it ended the process"}]
    page = Image.open(io.BytesIO(sheet(report, chosen, sketches)))
    assert page.width > 2 * SIDE
    assert page.height > 300
    assert offenders(found(mask(), mask()).report) == []


def test_a_sketch_shows_image_and_mask() -> None:
    drawn = sketch_of(image(0), mask(200), DECLARED)
    assert drawn["words"] == "image 32x32; mask 32x32, values 0, 200"
    pixels = np.frombuffer(base64.b64decode(drawn["pixels"]), np.uint8).reshape(drawn["height"], drawn["width"], 3)
    left, right = pixels[:, : drawn["height"]], pixels[:, -drawn["height"] :]
    assert (left != right).any()
    assert sketch_of(None, mask(), DECLARED)["words"].startswith("no image; mask")
    assert "no mask" in sketch_of(image(0), None, DECLARED)["words"]
    assert "no picture" in sketch_of(b"text", None, DECLARED)["words"]
