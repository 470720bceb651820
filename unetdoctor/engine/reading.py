"""The passes of one model as facts: what was drawn, what it is meant to be, how far outputs lie apart."""

from collections.abc import Sequence
from dataclasses import replace

from torch import Tensor

from unetdoctor.engine import colours, outputs
from unetdoctor.engine.comparison import compare_all
from unetdoctor.engine.displays import display_range
from unetdoctor.engine.drawing import embeds_time
from unetdoctor.engine.loss_source import inferred_loss
from unetdoctor.engine.losses import loss_numbers
from unetdoctor.engine.model_facts import model_facts
from unetdoctor.engine.observation import Observed, operations
from unetdoctor.engine.passes import Passes
from unetdoctor.engine.setting import Setting, Subject
from unetdoctor.engine.truths import task_of, truths_of
from unetdoctor.facts import Comparison, DisplayRange, ModelFacts, Output, Request, Run, Task


class Reading(Passes):
    """Reads the passes of one model."""

    def __init__(self, setting: Setting, subject: Subject, request: Request) -> None:
        super().__init__()
        self.setting, self.subject, self.request = setting, subject, request
        self._facts: ModelFacts | None = None
        self._intent = request.intent
        self._display: DisplayRange | None = None
        self.truths = truths_of(request)
        """The person's masks, by the name of the probe that feeds their picture."""

    def _describe(self) -> None:
        """Infer the task and the display range from the main pass."""
        main = self.main
        if main.output is None or self._display is not None:
            return
        fed, drawn = main.probe.shape, tuple(main.output.shape)
        timed = self.subject.timestep or embeds_time(main.tape, fed)
        task, reason = outputs.infer_task(self.subject.latent, fed, drawn, main.drawing, timed)
        plain = main.drawing is None or main.drawing.activation not in ("softmax", "log_softmax", "sigmoid")
        if task.is_segmentation and plain and outputs.is_photograph(main.output):
            task, reason = Task.RGB, "bytes in more colours than a mask has"
        if task.is_segmentation and plain and main.probe.real and outputs.repeats(main.output, main.inputs[0]):
            task, reason = Task.RGB, "every channel has nearly the photograph's own values"
        if task.is_segmentation and (name := _quantity(main)):
            task, reason = Task.REGRESSION, f"a quantity comes out: {name} of what is drawn"
        task, reason = task_of(self.truths, drawn, task, reason)
        self._intent = replace(self._intent, inferred_task=task, inferred_from=reason)
        loss = inferred_loss(self.subject.source, self.subject.name, self.setting.shown_path)
        self._intent = replace(self._intent, **loss)
        self._display = display_range(main.output, main.drawing, self._intent)

    def _model_facts(self) -> ModelFacts:
        if self._facts is None:
            self._facts = model_facts(self.subject, self.main, self.varied)
        return self._facts

    def _output(self, seen: Observed, tensor: Tensor, raw: Tensor, display: DisplayRange | None = None) -> Output:
        known = display or self._display or display_range(tensor, seen.drawing, self._intent)
        rows = outputs.as_row(tensor, seen.probe.shape), outputs.as_row(raw, seen.probe.shape)
        task, threshold = self._intent.effective, self._intent.threshold
        output = outputs.describe(seen.path, *rows, seen.drawing, known, task, threshold)
        loss = loss_numbers(rows[0], output.activation, self._intent.effective_loss)
        tints = colours.colours_of(seen, rows[0], known)
        return replace(output, shape=tuple(tensor.shape), loss=loss, colours=tints)

    def _run(self, seen: Observed) -> Run:
        described = None
        if seen.output is not None:
            described = self._output(seen, seen.output, seen.output if seen.raw is None else seen.raw)
        return Run(
            probe=seen.probe,
            ops=operations(seen, self.setting),
            output=described,
            others=seen.others,
            chosen=seen.chosen,
            crash=seen.crash,
            seconds=seen.seconds,
            verified=seen.verified is not False,
        )

    def _comparisons(self, tensors: Sequence[tuple[str, Tensor]]) -> tuple[Comparison, ...]:
        return compare_all("latents" if self.subject.latent else "inputs", tensors, self._display)


def _quantity(seen: Observed) -> str:
    """Return the function that makes a quantity, such as a depth, of what is drawn; empty for probabilities."""
    if seen.drawing is None or seen.output is None or not seen.output.is_floating_point():
        return ""
    values = seen.output.detach()
    inside = bool(((values >= 0) & (values <= 1)).all())
    return "" if inside else seen.drawing.curve
