"""From the options of `inspect` to a Request, and to what becomes of the report."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from unetdoctor.cli import values
from unetdoctor.cli.destination import Delivery
from unetdoctor.cli.errors import RequestError, choice
from unetdoctor.cli.files import working_directory
from unetdoctor.cli.inputs import parse_input, parse_range
from unetdoctor.cli.pairs import photographs
from unetdoctor.cli.preprocessing import Typed, preprocessing
from unetdoctor.facts import Intent, Limits, Request, Selection, Task


@dataclass(frozen=True)
class Options:
    """The options of `inspect` as typed; the defaults are those of the command line."""

    target: str
    kwarg: tuple[str, ...] = ()
    weights: str | None = None
    arch: str | None = None
    trust: bool = False
    sandbox: bool = True
    inputs: tuple[str, ...] = ()
    inputs_from: str | None = None
    output: str | None = None
    postprocess: str | None = None
    image: tuple[str, ...] = ()
    mask: tuple[str, ...] = ()
    chain: Typed = field(default_factory=Typed)
    palette: str | None = None
    threshold: float | None = None
    ignore_index: int | None = None
    batch: int | None = None
    seed: int = 0
    task: str = "auto"
    classes: int | None = None
    range_: str | None = None
    loss: str | None = None
    device: str = "cpu"
    timeout: float = 300.0
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fail_on: str = "error"
    budget: float = 128.0
    pictures: bool = True
    sizes: tuple[tuple[int, ...], ...] = ()


def request(options: Options) -> Request:
    """Return the request; raises RequestError with one sentence for the first option that is wrong."""
    for option, number, least in (
        ("--batch", options.batch, 1),
        ("--classes", options.classes, 1),
        ("--timeout", options.timeout, 1),
        ("--budget", options.budget, 0),
        ("--seed", options.seed, 0),
    ):
        if number is not None:
            values.at_least(option, number, least)
    if options.seed >= 2**63:
        raise RequestError(f"--seed must be below 2**63, not {options.seed}.")
    if options.threshold is not None and not 0 < options.threshold < 1:
        raise RequestError(f"--threshold is a probability between 0 and 1, not {options.threshold:g}.")
    images, masks = photographs(options.image, options.mask)
    return Request(
        target=options.target,
        directory=str(working_directory()),
        kwargs=values.keywords(options.kwarg),
        weights=options.weights,
        arch=options.arch,
        trust=options.trust,
        sandbox=options.sandbox,
        inputs=tuple(parse_input(text) for text in options.inputs),
        inputs_from=options.inputs_from,
        output=options.output,
        postprocess=options.postprocess,
        images=images,
        masks=masks,
        preprocessing=preprocessing(options.chain, photographs=bool(images)),
        batch=options.batch,
        intent=Intent(
            task=Task(choice("--task", options.task, tuple(task.value for task in Task))),
            classes=options.classes,
            display_range=None if options.range_ is None else parse_range(options.range_),
            threshold=options.threshold,
            ignore_index=options.ignore_index,
            palette=options.palette or "",
            loss="" if options.loss is None else choice("--loss", options.loss, values.LOSSES),
        ),
        device=values.device(options.device),
        selection=Selection(
            select=values.selection("--select", options.select),
            ignore=values.selection("--ignore", options.ignore),
            fail_on=choice("--fail-on", options.fail_on, values.FAIL_ON),
        ),
        limits=Limits(timeout_s=options.timeout, budget=options.budget),
        seed=options.seed,
        pictures=options.pictures,
        sizes=options.sizes,
    )


def request_from_arguments(arguments: Sequence[str]) -> Request:
    """Return the request of a command line such as `["inspect", "model.py", "--task", "rgb"]`, without running it.

    Raises RequestError, as the command itself does.
    """
    from unetdoctor.cli.running import invoke

    caught: list[Request] = []

    def catch(found: Request, _delivery: Delivery) -> int:
        caught.append(found)
        return 0

    invoke(arguments, catch)
    if not caught:
        raise RequestError(f"{' '.join(arguments)} asks for no examination.")
    return caught[0]
