"""The PNG files of a report, read back: those that are still as the report says."""

from pathlib import Path

from unetdoctor.facts import Preview, Report

LARGEST_FILE = 2_000_000
"""Bytes of one PNG file; the largest preview (512x512, noise in colour) takes 0.8 MB."""
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def read_pictures(report: Report) -> dict[str, bytes]:
    """Return the PNG files of a report by the name of their preview: those that are still as the report says."""
    read = {preview.name: read_picture(preview) for preview in report.previews}
    return {name: data for name, data in read.items() if data}


def read_picture(preview: Preview) -> bytes:
    """Return the PNG file of one preview; nothing where it is gone, or another one by now."""
    import hashlib

    path = Path(preview.file)
    try:
        if not preview.file or not 0 < preview.size <= LARGEST_FILE or not path.is_file():
            return b""
        data = path.read_bytes() if path.stat().st_size == preview.size else b""
    except (OSError, ValueError):
        return b""
    return data if data.startswith(_SIGNATURE) and hashlib.sha256(data).hexdigest() == preview.sha256 else b""
