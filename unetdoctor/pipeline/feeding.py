"""What photographs are fed as: declared, else as the network's own statistics remember."""

from typing import Any

from unetdoctor.checks.feeding import best, sure
from unetdoctor.engine.bench import NotApplicableError
from unetdoctor.engine.chains import UNIT
from unetdoctor.engine.chosen import ChosenInput
from unetdoctor.engine.examination import Examination
from unetdoctor.engine.loading.errors import guarded
from unetdoctor.engine.observation import observe
from unetdoctor.engine.photographs import fed, photographs
from unetdoctor.engine.preprocessing import ranked
from unetdoctor.engine.probes import ProbeInput, make_probes
from unetdoctor.facts import Evidence, Request, Skipped


def probes_of(examination: Examination, chosen: ChosenInput, request: Request, channel: Any) -> tuple[ProbeInput, ...]:
    """Return the probes; where nothing was declared of photographs, fed as the statistics say if they are sure."""
    found, chain = guarded(channel.guard, "probe", lambda: photographs(chosen, request))
    examination.pixels = {x.name: x.pixels for x in found}
    examination.declared = request.preprocessing.declared
    if found and not examination.declared:
        first = make_probes(chosen, request, request.device, found)[0]
        seen = guarded(
            channel.guard,
            "forward",
            lambda: observe(examination.setting, first.probe, first.args, first.kwargs, verify=False),
        )
        try:
            told = ranked([seen], examination.pixels, UNIT, declared=False)
        except NotApplicableError:
            told = None
        if told is not None and told.winner is not None and sure(told):
            chain = best(told)
            found = fed(found, chain)
            examination.remembered = True
    examination.chain = chain
    return make_probes(chosen, request, request.device, found)


def unjudged(evidence: Evidence) -> tuple[Skipped, ...]:
    """Return why the preprocessing of the photographs could not be judged, where it could not."""
    told = evidence.fingerprint
    if told is None or not told.reason:
        return ()
    return (Skipped("UD601", f"the preprocessing of the picture cannot be told: {told.reason}"),)
