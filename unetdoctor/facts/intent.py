"""What the picture is meant to be: as declared, and as inferred."""

from dataclasses import dataclass
from enum import StrEnum


class Task(StrEnum):
    """What the network is meant to draw."""

    AUTO = "auto"
    BINARY = "binary"
    MULTICLASS = "multiclass"
    MULTILABEL = "multilabel"
    RGB = "rgb"
    GENERATOR = "generator"
    REGRESSION = "regression"

    @property
    def is_picture(self) -> bool:
        """Whether the output itself is looked at as a picture (and not decoded to classes)."""
        return self in (Task.RGB, Task.GENERATOR)

    @property
    def is_segmentation(self) -> bool:
        """Whether the output is decoded to a mask."""
        return self in (Task.BINARY, Task.MULTICLASS, Task.MULTILABEL)


@dataclass(frozen=True)
class Intent:
    """What the output is meant to be; whatever was not declared is inferred and said so."""

    task: Task = Task.AUTO
    """The declared task; AUTO where nothing was declared."""
    classes: int | None = None
    """The declared number of classes."""
    display_range: tuple[float, float] | None = None
    """The declared values of black and white."""
    threshold: float | None = None
    """The declared threshold of a mask of one channel, as a probability; None for a half."""
    ignore_index: int | None = None
    """The declared id of places in masks that are to be left out."""
    palette: str = ""
    """The declared colours of masks: `voc`, `cityscapes`, `okabe-ito` or a file; empty where none were declared."""
    inferred_task: Task = Task.AUTO
    """The task that the engine reads from input, channels and final activation (AUTO before loading)."""
    inferred_from: str = ""
    """Why, in a few words."""
    loss: str = ""
    """The declared loss: `bce`, `cross-entropy` ...; empty where none was declared."""
    inferred_loss: str = ""
    """The loss that the model's own file applies to what the network returns; empty for none, or several."""
    inferred_loss_from: str = ""
    """Where it was read: `nn.BCELoss in model.py, line 40`."""

    @property
    def effective_loss(self) -> str:
        """The declared loss, else the inferred one."""
        return self.loss or self.inferred_loss

    @property
    def effective(self) -> Task:
        """The declared task, else the inferred one."""
        return self.task if self.task is not Task.AUTO else self.inferred_task

    @property
    def declared(self) -> bool:
        """Whether a person said what the picture is meant to be."""
        return self.task is not Task.AUTO
