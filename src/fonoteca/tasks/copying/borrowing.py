"""A file that went back to an earlier content, or came back: a location takes that from its versions, and no bytes are
sent.

The version stays where it is. What was made of it is read back like anything that is staged; where it proves to be
something else, or is not there, the file's own bytes are sent after all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fonoteca.catalogue.pending import WRITTEN
from fonoteca.core.manifest.layout import version_key
from fonoteca.core.plan.copies import Action, Decision, Target, Work, action_for
from fonoteca.core.verdict import Verdict
from fonoteca.locations.base import Promise
from fonoteca.tasks.copying.messages import Missed, Other
from fonoteca.tasks.copying.predecessor import ABOUT_ONE

if TYPE_CHECKING:
    from fonoteca.tasks.copying.drafts import Draft
    from fonoteca.tasks.copying.lanes import Lane


def may_be_borrowed(work: Work, size: int) -> bool:
    """True when a file of `size` bytes may be what some location has among its versions: it is read once before any of
    it is sent.
    """
    if any(target.keeps for target in work.targets):
        return True
    present = work.recorded and (work.recorded.sha256, work.recorded.size)
    return work.reason == WRITTEN and any(each[1] == size and each != present for each in work.earlier)


def is_to_borrow(work: Work, target: Target, decision: Decision) -> bool:
    """True when `target` is to take what it has, or may have, among its versions."""
    is_kept = target.keeps and decision.content == work.recorded
    is_likely = decision.verdict is Verdict.REVERTED and target.old is not None
    return (is_kept or is_likely) and action_for(target, decision) is Action.PUBLISH


def borrow(lane: Lane, draft: Draft, other: Other) -> None:
    """Stage it from the version that stands there, or give it back, so that it is sent. Raises LocationError."""
    work, target, decision = other.work, other.target, other.decision
    stamp, keep = lane.over_what(draft, target, work)
    content = decision.content
    source = version_key(content.sha256, work.path)
    try:
        promise = Promise(target.key, content.size, decision.stat.mtime_ns, stamp, keep)
        staged = draft.batch.borrow(source, promise)
    except ABOUT_ONE:  # a bad sector under the version: whoever verifies it says so
        staged = None
    if staged is None:
        lane.results.put(Missed(lane.number, (work,)))
        return
    draft.staged.append((work, target, decision, staged))
    draft.borrowed.add(work.id)
    draft.bytes += content.size
