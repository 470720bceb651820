"""Values for constructor arguments that have no default, told by their names."""

from __future__ import annotations

import inspect
import re
from typing import Any

IMAGE_CHANNELS = 3
CLASSES = 2
LATENT = 100
WIDTH = 32
IMAGE_SIZE = 64
DEPTH = 4
SPATIAL_DIMS = 2
PYRAMID = [32, 64, 128, 256]
"""Widths of the levels, where a width is annotated as a sequence."""
STRIDES = [2, 2, 2]
"""Strides between these levels."""
ENCODER = "resnet18"

_ROWS: tuple[tuple[Any, str], ...] = (
    (
        IMAGE_CHANNELS,
        "inchannels inch inchans inc inplanes inputchannels inputchannel inputch inputnc innc channelsin cin",
    ),
    (IMAGE_CHANNELS, "nchannels numchannels channels nch nc imgchannels imagechannels imgch channelsimg colorchannels"),
    (IMAGE_CHANNELS, "numinchannels numinputchannels nchannelsin outputnc outnc outimgchannels"),
    (CLASSES, "numclasses nclasses nclass numclass classes nbclasses ncls numcls numlabels nlabels numseg"),
    (CLASSES, "outchannels outch outchans outc channelsout cout outputchannels outputch noutputs numoutputs"),
    (LATENT, "latentdim latentdims latentsize latent nlatent zdim zsize nz noisedim noisesize nnoise codedim"),
    (WIDTH, "base basechannels basech basefilters basewidth basedim basec startfilters startchannels width dim"),
    (WIDTH, "features nfeatures numfeatures initfeatures featuremaps featuresg featuresgen featuresd ngf ndf nf"),
    (WIDTH, "filters nfilters nbfilters numfilters midchannels midch modelchannels innerchannel embeddim dmodel"),
    (WIDTH, "hidden hiddendim hiddensize hiddenchannels hiddenfeatures"),
    (IMAGE_SIZE, "imgsize imagesize inputsize resolution outputsize cropsize imsize height imgheight imgwidth"),
    (DEPTH, "depth levels nlevels numlevels nlayers numlayers layers nblocks numblocks blocks stages numstages"),
    (DEPTH, "resblocks nresblocks ndowns numheads nheads heads"),
    (5, "numdowns"),
    (SPATIAL_DIMS, "spatialdims ndim ndims numdims"),
    (ENCODER, "backbone encodername backbonename"),
    ([IMAGE_CHANNELS, IMAGE_SIZE, IMAGE_SIZE], "inshape inputshape imgshape imageshape"),
    (8, "patchsize"),
    (3, "kernelsize ksize kernel"),
    (2, "scale scalefactor upscale upscalefactor upsamplefactor"),
    (1, "stride padding groups"),
    (2, "strides upsamplekernelsize"),
    (0.0, "dropout droprate dropoutrate dropoutp dropoutprob pdrop pdropout attndrop"),
    (True, "batchnorm usebatchnorm usebn bn norm usenorm bias usebias residual"),
    (False, "bilinear pretrained attention useattention deepsupervision dosupervision usedropout upsample"),
    (False, "finalsigmoid checkpoint usecheckpoint freeze verbose debug"),
)
"""Value, and the names that it is guessed for, in lower case without underscores."""

_TABLE = {name: value for value, names in _ROWS for name in names.split()}
_LATENT_NAMES = frozenset(name for name, value in _TABLE.items() if value == LATENT)
_WIDTH_NAMES = frozenset(name for name, value in _TABLE.items() if value == WIDTH)
_OUTPUT_NAMES = frozenset(name for name, value in _TABLE.items() if value == CLASSES and "out" in name)
_SIZE_NAMES = frozenset(name for name, value in _TABLE.items() if value == IMAGE_SIZE) | {"patchsize"}
_SEQUENCES = frozenset(("list", "List", "tuple", "Tuple", "Sequence", "Iterable"))
_UNKNOWN = object()


def guess(parameter: inspect.Parameter, beside: frozenset[str]) -> tuple[bool, Any]:
    """Return (True, value) for an argument whose name is known, else (False, None).

    `beside` holds the names of all arguments. Output channels count classes, except beside a latent: a generator draws
    a picture. `width` is an image size beside `height`.
    """
    name = plain(parameter.name)
    others = {plain(other) for other in beside}
    value = _TABLE.get(name, _UNKNOWN)
    if value is _UNKNOWN:
        return False, None
    if name in _OUTPUT_NAMES and others & _LATENT_NAMES:
        value = IMAGE_CHANNELS
    if name == "width" and "height" in others:
        value = IMAGE_SIZE
    if name == "strides" and "kernelsize" in others and "channels" not in others:
        value = [1, *STRIDES]  # one for each kernel, the first level keeps the size
    return _fit(value, parameter.annotation, name)


def _fit(value: Any, annotation: Any, name: str) -> tuple[bool, Any]:
    """Bring a value in line with the annotation; not known after all where the two contradict each other."""
    text = "" if annotation is inspect.Parameter.empty else _annotation_text(annotation)
    if isinstance(value, str):  # the name of a part: only where a name is asked for
        return (True, value) if "str" in _outer_words(text) else (False, None)
    if not text or text in ("Any", "object"):
        return True, value
    words = _outer_words(text)
    if words & _SEQUENCES and "int" not in words:
        return _sequence(value, name)
    if isinstance(value, bool):
        return (True, value) if "bool" in words else (False, None)
    if isinstance(value, float) or (words & {"float"} and not words & {"int"}):
        return (True, float(value)) if words & {"float", "int"} else (False, None)
    return (True, value) if "int" in words else (False, None)


def _sequence(value: Any, name: str) -> tuple[bool, Any]:
    """Return the values of the levels where each level has its own, of height and width where it is a size."""
    if isinstance(value, list):
        return True, list(value)
    if name == "kernelsize":
        return True, [value] * len(PYRAMID)
    if name in _WIDTH_NAMES or "channels" in name:
        return True, list(PYRAMID)
    if name in ("strides", "upsamplekernelsize"):
        return True, list(STRIDES)
    if name in _SIZE_NAMES:
        return True, [value] * SPATIAL_DIMS
    return False, None


def _outer_words(text: str) -> set[str]:
    """Return the types that an annotation allows, without what they hold: `list[int] | int` gives `list`, `int`."""
    while match := re.fullmatch(r"(?:Union|Optional)\[(.*)\]", text):
        text = match[1]
    while (shorter := re.sub(r"\[[^\[\]]*\]", "", text)) != text:
        text = shorter
    return set(re.findall(r"\w+", text))


def _annotation_text(annotation: Any) -> str:
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    return text.strip("'\"").replace("typing.", "").replace("collections.abc.", "")


def plain(name: str) -> str:
    """Return a name as the table has it."""
    return name.replace("_", "").lower()


def says_input(name: str) -> bool:
    """Return whether a plain name counts the channels of the input."""
    return _TABLE.get(name) == IMAGE_CHANNELS and not reads_kernels(name) and "out" not in name


def says_output(name: str) -> bool:
    """Return whether a plain name counts the channels of the output."""
    return not reads_kernels(name) and (_TABLE.get(name) == CLASSES or (name in _TABLE and "out" in name))


def reads_kernels(name: str) -> bool:
    """Return whether a plain name is about the size of a kernel, and not about channels."""
    return name in ("kernelsize", "ksize", "kernel", "patchsize", "scale", "scalefactor", "upscale", "upscalefactor")
