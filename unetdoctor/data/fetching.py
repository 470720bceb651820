"""From a file of a source to what a record is made of: its bytes, or why there are none."""

from unetdoctor.data.decoding import UnreadableError
from unetdoctor.data.files import File, ReadError, read
from unetdoctor.data.pair import Content


def content(file: File | None) -> Content:
    """Return the bytes of a file, or what is wrong with it; None where there is no file."""
    if file is None:
        return None
    try:
        return read(file)
    except ReadError as error:
        return UnreadableError(error.fault, f"{base_of(file)} cannot be read: {error}.")


def base_of(file: File) -> str:
    """Return the name of a file without its folders."""
    return printable(file).rpartition("/")[2]


def printable(file: File | None) -> str:
    r"""Return the address of a file with bytes that are no text as `\xff`."""
    return "" if file is None else file.address.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
