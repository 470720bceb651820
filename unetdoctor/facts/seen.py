"""What is counted of records beside faults, oddities, codings and families: the vocabulary of totals."""

from enum import StrEnum


class Seen(StrEnum):
    """Something that holds for one pair, and is counted."""

    NO_MASK = "pair: picture without a mask"
    NO_IMAGE = "pair: mask without a picture"
    SIZE = "pair: size differs, form equal"
    FORM = "pair: form differs"
    TRANSPOSED = "pair: height and width changed places"
    TURNED = "pair: EXIF turns the picture, the mask lies as it is stored"
    TURNED_SIZE = "pair: EXIF turns the picture, the mask fits it only unturned"
    LOSSY = "mask: lossy format"
    BLURRED = "mask: rare values at borders"
    BLURRED_LOSSY = "mask: lossy format and rare values at borders"
    STRIPS = "mask: strips between regions"
    FAR = "mask: no ids but large ones"
    OUTSIDE = "mask: values beyond the declared classes"
    VOID = "mask: undeclared 255"
    NO_ZERO = "mask: no id 0"
    UNKNOWN = "mask: colours that the palette lacks"
    BACKGROUND = "mask: all background"
    FOREGROUND = "mask: one id that is not 0"
    GREY_PICTURE = "picture: three equal channels"
    DULL_PICTURE = "picture: almost without colour"
    MISPLACED = "pair: edges lie elsewhere"
    PLACED = "pair: edges lie as stored"


def named(role: str, kind: str) -> str:
    """Return the name under which a fault, an oddity, a coding or a family is counted: `mask: truncated`."""
    return f"{role}: {kind}"
