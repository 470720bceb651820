"""Where the masks of a source lie when nobody named them: a folder beside it, `masks` beside `images`."""

from collections.abc import Iterator
from pathlib import Path

from unetdoctor.data import folders, names
from unetdoctor.data.files import Located, is_url
from unetdoctor.data.sources import SourceKind, kind_of_source, local


def mask_folders(source: str) -> list[str]:
    """Return the folders of the disk that may hold the masks of a source, in the order of their names."""
    source = local(source)
    if is_url(source):
        return []
    root = _folder(source)
    parts = root.parts
    for place in reversed(range(len(parts))):
        if place < len(parts) - 1 and not names.is_image_folder(parts[place]):
            continue
        found = [
            str(folder)
            for name in _folders(Path(*parts[:place]))
            if name != parts[place] and _are_partners(parts[place], name)
            for folder in [Path(*parts[:place], name, *parts[place + 1 :])]
            if folder.is_dir()
        ]
        if found:
            return found
    return []


def marked_neighbours(source: str) -> Iterator[Located]:
    """Yield the pictures in the folder of a single image whose names mark them as masks."""
    if is_url(source) or kind_of_source(source) is not SourceKind.FILE:
        return
    for item in folders.walk(str(Path(source).parent), lambda path: False):
        if isinstance(item, Located) and names.parsed(item.path).is_mask:
            yield item


def _folder(source: str) -> Path:
    """Return the folder of a source, with at least its own name."""
    kind = kind_of_source(source)
    path = Path(folders.fixed_root(source) if kind is SourceKind.PATTERN else source)
    path = path if kind in (SourceKind.FOLDER, SourceKind.PATTERN) else path.parent
    return path if path.name and ".." not in path.parts else path.resolve()


def _folders(parent: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in parent.iterdir() if entry.is_dir())
    except OSError:
        return []


def _are_partners(images: str, masks: str) -> bool:
    return names.is_mask_folder(masks) and names.partner_of(images) == names.partner_of(masks)
