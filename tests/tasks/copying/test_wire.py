"""What crosses between a lane's process and the program comes out as it went in."""

from __future__ import annotations

import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fonoteca import errors
from fonoteca.core.copy import Level
from fonoteca.core.entry import Content, FileStat, RelPath
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.core.place import Key
from fonoteca.core.plan.copies import Decision, Need, OldCopy, Target, Work
from fonoteca.core.verdict import Verdict
from fonoteca.tasks.copying.blocks import BlockPool
from fonoteca.tasks.copying.messages import (
    BatchDone,
    Begin,
    Close,
    Data,
    Done,
    End,
    Item,
    LaneClosed,
    LaneFailed,
    LaneSynced,
    Other,
    Small,
    Sync,
)
from fonoteca.tasks.copying.wire import Given, LaneCrashed, decode, encode, encode_report

POOL = BlockPool(2)
contents = st.builds(
    Content, st.binary(min_size=32, max_size=32), st.integers(0, 1 << 40), st.binary(min_size=16, max_size=16)
)
olds = st.builds(
    OldCopy,
    contents,
    st.integers(1),
    st.integers(),
    st.integers(0, 5),
    st.none() | st.integers(0),
    st.booleans(),
)
decisions = st.builds(
    Decision,
    contents,
    st.builds(FileStat, st.integers(0, 1 << 40), st.integers(), st.integers(), st.integers(0)),
    st.sampled_from(Verdict),
    st.booleans(),
    st.integers(),
)
targets = st.builds(
    Target, st.just(1), st.binary(min_size=1).map(Key), st.sampled_from(Need), st.none() | olds
)


@st.composite
def items(draw):
    """A small file for a lane."""
    target, decision = draw(targets), draw(decisions)
    path = RelPath(draw(st.binary(min_size=1)))
    size = decision.content.size
    work = Work(draw(st.integers(0)), None, 3, path, "new", size, None, None, (target,))
    return Item(work, target, decision, draw(st.integers(0, 1 << 20)), size)


def seen(item: Item) -> tuple:
    """All of it that a lane looks at."""
    decision = item.decision
    what = (decision.content, decision.stat.mtime_ns, decision.verdict)
    return (item.work.id, item.work.path, item.target, what, item.start, item.size)


@given(st.lists(items(), min_size=1, max_size=5))
def test_small_files_arrive_as_they_were(many):
    """Whatever their names, whether or not they supersede something."""
    arrived = decode(encode(Small(tuple(many), POOL.blocks[1])), 1, POOL.blocks)

    assert isinstance(arrived, Small)
    assert [seen(item) for item in many] == [seen(item) for item in arrived.items]
    assert arrived.block is POOL.blocks[1]


@given(items())
def test_other_messages_arrive_as_they_were(item):
    """Everything about large files, and what needs no bytes."""
    work, target, decision, _, size = item
    for message in (
        Begin(work, target, size, 5),
        End(work, decision),
        End(work, None),
        Other(work, target, decision),
        Sync(),
        Close(hurry=True),
    ):
        assert message == decode(encode(message), 1, POOL.blocks)


def test_a_block_arrives_with_its_size():
    """The bytes themselves lie in shared memory."""
    work = Work(7, None, 3, RelPath(b"a"), "new", 9, None, None, ())
    POOL.blocks[0].size = 9
    data = encode(Data(work, POOL.blocks[0], 9))
    POOL.blocks[0].size = 0

    arrived = decode(data, 1, POOL.blocks)

    assert isinstance(arrived, Data)
    assert (7, 9, 9) == (arrived.work.id, arrived.size, arrived.block.size)


@given(st.lists(items(), min_size=1, max_size=4, unique_by=lambda item: item.work.id), st.booleans())
def test_a_report_comes_back_with_the_works_that_were_given(many, large):
    """The process knows less of a work than the program: what it names is what was given."""
    given_ = Given()
    if large:
        for item in many:
            given_.note(Begin(item.work, item.target, item.size, 0))
            given_.note(End(item.work, item.decision))
    else:
        given_.note(Small(tuple(many), POOL.blocks[0]))
    done = tuple(
        Done(item.work, item.target.key, item.decision, Level.MEDIA, "sent", item.target.old, Key(b"kept"))
        for item in many
    )
    report = BatchDone(1, done, (Finding(FindingKind.DIFFERS, "why"),), (), 3, "ab", 9)

    assert report == given_.decode(encode_report(report))


def test_words_without_works_come_back():
    """Synced and closed."""
    for report in (LaneSynced(1), LaneClosed(2)):
        assert report == Given().decode(encode_report(report))


LOCATION_ERRORS = [
    each for _, each in inspect.getmembers(errors, inspect.isclass) if issubclass(each, errors.LocationError)
]


def made(kind: type[errors.LocationError]) -> errors.LocationError:
    """An error of this kind, with something for each thing that it is told."""
    by_name: dict[str, object] = {"until": 1380, "key": b"a/b", "needed": 5, "free": 3, "pid": 12}
    names = [
        name for name in inspect.signature(kind.__init__).parameters if name not in ("self", "args", "kwargs")
    ]
    return kind(*(by_name.get(name, name) for name in names))


@pytest.mark.parametrize("kind", LOCATION_ERRORS, ids=lambda kind: kind.__name__)
def test_an_error_comes_back_with_its_kind_and_facts(kind):
    """`Full` with its bytes, `Away` with its reason: what a person is told must not depend on where it happened."""
    error = made(kind)

    back = Given().decode(encode_report(LaneFailed(1, error)))

    assert isinstance(back, LaneFailed)
    assert (type(error), str(error), error.__dict__) == (
        type(back.error),
        str(back.error),
        back.error.__dict__,
    )


def test_a_bug_comes_back_with_its_traceback():
    """What is not about the place is ours."""
    back = Given().decode(encode_report(LaneFailed(1, KeyError("oops"))))

    assert isinstance(back, LaneFailed)
    assert isinstance(back.error, LaneCrashed)
    assert "KeyError: 'oops'" in str(back.error)
