"""What a person is told without having asked, and when: one message for one event, then one a day while it lasts.

    troubles = tuple(troubles_of(judge(status), …))
    news, memory = due(troubles, memory, now_ns)      # what to say now
    memory = told(memory, news, now_ns)               # …once it was delivered

What stands is a `Trouble` with a key that stays the same while it lasts; what is remembered of it (`Remembered`) says
when it began and when it was told last. A tag edit is no trouble, nor is a drive in its drawer. Times are nanoseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from fonoteca.core.judgement import Concern, Judgement, Overall, Reason
from fonoteca.core.policy import DAY_S
from fonoteca.core.report import ExitCode

DAY_NS = DAY_S * 1_000_000_000


RUN_FAILED = "run failed"
"""Begins the keys of runs that an error ended: `run failed scan`."""
PROTECTED = "fully protected"
LOOKED = "looked"
"""Remembers when all this was looked at last."""
UNDELIVERED = "undelivered"
"""Remembers that notices cannot be delivered, and why."""
KEPT = {PROTECTED, LOOKED, UNDELIVERED}
"""What is remembered beside troubles."""


class Topic(StrEnum):
    """What a notice is about."""

    DAMAGE = "damage found"
    REPAIRED = "damage repaired"
    HOLD = "hold raised"
    FULL = "location full"
    UNSEEN = "unseen too long"
    OVERDUE = "verification overdue"
    BELOW = "copies below policy"
    FAILED = "run failed"
    PROTECTED = "fully protected"
    REPORT = "report"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that stands and should not."""

    key: str
    topic: Topic
    sentence: str
    """What is wrong, and where."""
    lost: str
    """Whether anything is lost, in a sentence."""
    remedy: str = ""
    """The command that helps."""
    code: ExitCode = ExitCode.INCOMPLETE
    grade: int = 0
    """How bad; told again at once when it rises."""
    patience_s: int = 0
    """Told when it has stood for so long: most of it mends itself."""
    reminds: bool = True
    """Told again each day."""
    since_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is known of one key. `told_ns` None: nobody was told."""

    title: str
    grade: int
    since_ns: int
    told_ns: int | None = None
    stands: bool = False
    """The person was told last that it stands."""
    ended_ns: int | None = None


Memory = Mapping[str, Remembered]


class Turn(StrEnum):
    """Why something is told now."""

    BEGAN = "began"
    WORSE = "worse"
    LASTS = "lasts"
    ENDED = "ended"
    HAPPENED = "happened"
    """A single event, which neither lasts nor ends."""


@dataclass(frozen=True, slots=True)
class News:
    """One thing to be told. `trouble` is None where it is over; `sentence` then says what it was."""

    key: str
    topic: Topic
    turn: Turn
    sentence: str
    trouble: Trouble | None = None
    since_ns: int | None = None


_TOPICS: dict[Concern, Topic] = {
    Concern.LOST_FILES: Topic.DAMAGE,
    Concern.SPOILT_FILES: Topic.DAMAGE,
    Concern.UNSTABLE: Topic.DAMAGE,
    Concern.MENDABLE: Topic.DAMAGE,
    Concern.DAMAGED_INSIDE: Topic.DAMAGE,
    Concern.LOST_COPIES: Topic.DAMAGE,
    Concern.DAMAGED_COPIES: Topic.DAMAGE,
    Concern.HOLD: Topic.HOLD,
    Concern.WAITING: Topic.HOLD,
    Concern.FULL: Topic.FULL,
    Concern.AWAY: Topic.UNSEEN,
    Concern.LIBRARY_AWAY: Topic.UNSEEN,
    Concern.OVERDUE: Topic.OVERDUE,
    Concern.BELOW_POLICY: Topic.BELOW,
    Concern.MISSING: Topic.BELOW,
    Concern.UNREAD: Topic.BELOW,
    Concern.FAILED: Topic.FAILED,
    Concern.REFUSES: Topic.FAILED,
}
"""What a reason is told as; `unprotected` is an archive that was not set up yet, and its owner knows that."""

_LOST: dict[Topic, str] = {
    Topic.DAMAGE: "No: good copies are known.",
    Topic.HOLD: "No: the copies are as they were, and nothing of it reaches them before you say so.",
    Topic.FULL: "No: what it holds stands; what is new is not copied to it.",
    Topic.UNSEEN: "Nothing is known to be lost, but nothing there could be checked or brought up to date.",
    Topic.OVERDUE: "Nothing is known to be lost, but nobody has looked for longer than you allow.",
    Topic.BELOW: "No, but what has too few copies is lost if the next drive fails.",
    Topic.FAILED: "No: what was finished stands; what is new may not be copied yet.",
}
_LOST_NOW = "Yes, as far as is known here: look for another copy (an old drive, another machine) before you delete any."
_KEPT_AS_FOUND = "It came so: it is kept as it was found, and no better content is known."

_LASTING = {Topic.DAMAGE, Topic.FULL, Topic.UNSEEN, Topic.OVERDUE, Topic.BELOW, Topic.FAILED}
"""Where the end is worth a message; a hold is ended by the person."""

_AT_ONCE = {Topic.DAMAGE, Topic.HOLD}
"""What comes back is another event; anything else that comes and goes is told once a day at most."""


def troubles_of(judgement: Judgement, *, remind_s: int, is_clock_in_doubt: bool) -> Iterator[Trouble]:
    """What of an archive's reasons a person is told of unasked.

    A drive that is away and excused is none, neither is what it lacks or what nobody could re-read there. Overdue
    alarms wait while the clock is in doubt.
    """
    excused = {
        each.location
        for each in judgement.reasons
        if each.concern is Concern.AWAY and each.code is ExitCode.DONE
    }
    for reason in judgement.reasons:
        topic = _TOPICS.get(reason.concern)
        if topic is None or (topic is Topic.OVERDUE and is_clock_in_doubt):
            continue
        if reason.code is ExitCode.DONE and reason.concern is not Concern.DAMAGED_INSIDE:
            continue
        if reason.concern is Concern.BELOW_POLICY and excused:
            continue  # the drive in its drawer is reminded of in its own time
        yield _trouble(reason, topic, remind_s)


def _trouble(reason: Reason, topic: Topic, remind_s: int) -> Trouble:
    return Trouble(
        reason.key,
        topic,
        reason.sentence,
        _lost(reason, topic),
        reason.remedy,
        reason.code,
        _grade(reason),
        _patience_s(reason, remind_s),
        reminds=reason.concern is not Concern.DAMAGED_INSIDE,
        since_ns=reason.since_ns,
    )


def _lost(reason: Reason, topic: Topic) -> str:
    if reason.word is Overall.LOST:
        return _LOST_NOW
    return _KEPT_AS_FOUND if reason.concern is Concern.DAMAGED_INSIDE else _LOST[topic]


def _grade(reason: Reason) -> int:
    """Each tenfold of what is counted first in its sentence is worse: `3 copies …` is 1, `1,200 copies …` is 4."""
    number = reason.sentence.split(" ", 1)[0].replace(",", "")
    return len(number) if number.isdigit() else 0


def _patience_s(reason: Reason, remind_s: int) -> int:
    """A day for what the next runs usually put right; for places that come and go as long as the config says."""
    match reason.concern:
        case Concern.LIBRARY_AWAY:
            return remind_s
        case Concern.AWAY if reason.code is not ExitCode.DONE:
            return DAY_S
        case Concern.OVERDUE | Concern.BELOW_POLICY | Concern.MISSING | Concern.UNREAD | Concern.REFUSES:
            return DAY_S
        case _:
            return 0


def failed_run(name: str, sentence: str) -> Trouble:
    """A run that an error ended, until one of the same name comes to its end."""
    lost = _LOST[Topic.FAILED]
    return Trouble(f"{RUN_FAILED} {name}", Topic.FAILED, sentence, lost, "fonoteca status", ExitCode.INTERNAL)


def due(troubles: Iterable[Trouble], memory: Memory, now_ns: int) -> tuple[list[News], dict[str, Remembered]]:
    """What is to be told now, and what is remembered from now on (nothing of it as told yet)."""
    standing = {each.key: each for each in troubles}
    fresh = {key: _seen(each, memory.get(key), now_ns) for key, each in standing.items()}
    news = [
        News(key, each.topic, turn, each.sentence, each, fresh[key].since_ns)
        for key, each in standing.items()
        if (turn := _turn(each, memory.get(key), fresh[key], now_ns)) is not None
    ]
    for key, known in memory.items():
        if key in standing:
            continue
        if key in KEPT:
            fresh[key] = known
            continue
        gone = known if known.ended_ns is not None else replace(known, ended_ns=now_ns)
        if known.stands:
            topic = _topic_of(key)
            if topic in _LASTING:
                over = Topic.REPAIRED if topic is Topic.DAMAGE else topic
                news.append(News(key, over, Turn.ENDED, known.title, since_ns=known.since_ns))
            else:
                gone = replace(gone, stands=False)
        if gone.stands or _is_recent(gone, now_ns):
            fresh[key] = gone
    return news, fresh


def _seen(trouble: Trouble, known: Remembered | None, now_ns: int) -> Remembered:
    """It stands: since when, as far as the older of both memories goes."""
    began = now_ns if trouble.since_ns is None else min(trouble.since_ns, now_ns)
    if known is None:
        return Remembered(trouble.sentence, trouble.grade, began)
    if known.ended_ns is not None:
        return replace(known, title=trouble.sentence, grade=trouble.grade, since_ns=began, ended_ns=None)
    since = min(known.since_ns, began)
    return replace(known, title=trouble.sentence, since_ns=since)


def _turn(trouble: Trouble, known: Remembered | None, fresh: Remembered, now_ns: int) -> Turn | None:
    told_ns = None if fresh.told_ns is None else min(fresh.told_ns, now_ns)  # a clock may jump back
    is_quiet = told_ns is not None and now_ns - told_ns < DAY_NS
    if not fresh.stands:
        is_patient = now_ns - fresh.since_ns < trouble.patience_s * 1_000_000_000
        came_back_soon = is_quiet and trouble.topic not in _AT_ONCE
        return None if is_patient or came_back_soon else Turn.BEGAN
    if known is not None and trouble.grade > known.grade:
        return Turn.WORSE
    return Turn.LASTS if trouble.reminds and not is_quiet else None


def _topic_of(key: str) -> Topic | None:
    if key.startswith(RUN_FAILED):
        return Topic.FAILED
    return next((_TOPICS[each] for each in _TOPICS if key.startswith(each.value + " ")), None)


def stands_at(key: str, library: str | None, location: str | None) -> bool:
    """Whether a key is that of damage at this location, or of this library's own files."""
    if _topic_of(key) is not Topic.DAMAGE:
        return False
    return key.endswith(f" at {location}" if location else f" {library}")


def _is_recent(known: Remembered, now_ns: int) -> bool:
    """Still needed, so that what comes and goes is no flood."""
    return known.told_ns is not None and abs(now_ns - known.told_ns) < DAY_NS


def told(memory: Memory, news: Iterable[News], now_ns: int) -> dict[str, Remembered]:
    """What is remembered once these were delivered."""
    fresh = dict(memory)
    for each in news:
        known = fresh.get(each.key)
        if each.turn is Turn.HAPPENED and each.key in KEPT:
            fresh[each.key] = Remembered(each.sentence, 0, now_ns, now_ns, ended_ns=now_ns)
        elif known is not None:
            stands = each.turn is not Turn.ENDED
            grade = each.trouble.grade if each.trouble is not None else known.grade
            fresh[each.key] = replace(known, told_ns=now_ns, stands=stands, grade=grade)
    return fresh


def is_fully_protected(judgement: Judgement, entries: int) -> bool:
    """Whether every entry has the copies that the policy asks for, and nothing else is wrong."""
    return entries > 0 and judgement.overall is Overall.SAFE
