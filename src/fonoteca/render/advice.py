"""What is left to do after a run, as commands to type."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from fonoteca.core.event import LocationFailed, WouldRepair
from fonoteca.core.finding import FindingKind
from fonoteca.render.tally import Tally
from fonoteca.render.words import safe

_HELD = (
    FindingKind.ROT,
    FindingKind.SUSPECT,
    FindingKind.DAMAGED_BY_WRITE,
    FindingKind.UNSTABLE_READS,
)


def next_commands(tally: Tally) -> list[str]:
    """Commands with a word of explanation, most pressing first; none after a run that left nothing to do."""
    return list(dict.fromkeys(_advice(tally)))


def _advice(tally: Tally) -> Iterator[str]:
    if tally.ended is None:
        yield f"fonoteca {tally.task or 'backup'}    # continues where this one stopped"
        return
    if (tally.repaired_first and isinstance(tally.repaired_first[0], WouldRepair)) or _would_put_back(tally):
        yield f"fonoteca {_again(tally, tally.task)} --apply    # does it"
    if tally.retagged_first and tally.retagged_first[0].how == "written":
        yield "fonoteca backup    # copies what was written back"
    elif tally.retagged_first:
        yield f"fonoteca {_again(tally, 'tags restore')} --apply    # does it"
    for name, has_versions in tally.bad_at.items() if tally.task != "repair" else ():
        if "/" in name:
            continue  # a bare one has nothing to copy from
        location = safe(name)
        if has_versions:
            yield f"fonoteca repair {location} --apply    # brings back what is bad there, its earlier versions too"
        else:
            yield f"fonoteca backup {location}    # copies again what is missing or damaged there"
    if FindingKind.UNFINISHED in tally.findings or FindingKind.ROLLED_BACK in tally.findings:
        yield "fonoteca backup    # completes what was cut off"
    if FindingKind.HELD in tally.findings:
        yield "fonoteca hold list    # what waits for your word, and the commands that give it"
    if any(kind in tally.findings for kind in _HELD):
        yield "fonoteca show PATH    # what is known of a held file, and where its good copies are"
    if FindingKind.DAMAGED_INSIDE in tally.findings:
        yield "fonoteca show PATH    # what its checks say, and which earlier contents are kept"
    if any(kind in tally.findings for kind in _HELD) and tally.task != "repair":
        yield "fonoteca repair --library    # shows how the library's files would be put right"
    if FindingKind.UNREADABLE in tally.findings or FindingKind.CHANGING in tally.findings:
        yield "fonoteca backup    # once those files can be read"
    if tally.left is not None:
        yield f"fonoteca {tally.task}    # goes on where the budget ended"
    failed = [each for each in tally.failures if isinstance(each, LocationFailed) and each.asked]
    if failed:
        names = " ".join(dict.fromkeys(safe(each.location) for each in failed))
        again = "once it can be used" if len(failed) == 1 else "once they can be used"
        yield f"fonoteca {tally.task or 'backup'} {names}    # {again}"
    prunable = [safe(name) for name, at in tally.at.items() if at.prunable.files]
    if prunable:
        yield f"fonoteca prune {' '.join(prunable)} --apply    # gives them up for good"
    if tally.would.files:
        yield "fonoteca backup    # does it"


def _again(tally: Tally, task: str) -> str:
    """The command line once more, as a shell takes it."""
    return safe(shlex.join(tally.words)) if tally.words else f"{task} …"


def _would_put_back(tally: Tally) -> bool:
    """True of a plan to put back what a hold stops."""
    return tally.task == "hold reject" and any(how.startswith("would") for how in tally.restored)
