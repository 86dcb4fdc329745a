"""The border: whatever goes wrong below, a LocationError says what it means."""

from __future__ import annotations

import errno
import os

import pytest

from fonoteca.errors import Away, Broken, Conflict, Denied, Full, LocationError, Refused
from fonoteca.locations.border import Border, Meaning, meaning


@pytest.mark.parametrize("number", [None, 0, 9999, *sorted(errno.errorcode)])
@pytest.mark.parametrize("key", [None, b"music/\xff.flac"])
def test_the_map_is_total(number: int | None, key: bytes | None) -> None:
    """No OSError crosses the border, whatever its number."""
    with pytest.raises(LocationError) as caught, Border("red", key):
        raise OSError(number, "why") if number is not None else OSError("why")

    assert isinstance(caught.value.__cause__, OSError)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    ("number", "wanted"),
    [
        (errno.ENODEV, Away),
        (errno.ENXIO, Away),
        (errno.ESTALE, Away),
        (errno.ENOTCONN, Away),
        (errno.EACCES, Denied),
        (errno.EPERM, Denied),
        (errno.EROFS, Denied),
        (errno.EFBIG, Denied),
        (errno.ENOSPC, Full),
        (errno.EDQUOT, Full),
        (errno.EIO, Broken),
        (errno.EUCLEAN, Broken),
        (errno.EMFILE, Broken),
        (errno.EEXIST, Conflict),
        (errno.ENOENT, Conflict),
        (errno.ELOOP, Conflict),
        (errno.ENAMETOOLONG, Conflict),
    ],
)
def test_each_number_means_what_the_contract_says(number: int, wanted: type[LocationError]) -> None:
    """Away is retried later, Full makes room, Denied asks a person, Broken is a dying disk."""
    with pytest.raises(wanted), Border("red", b"music/a"):
        raise OSError(number, os.strerror(number))


def test_other_errors_and_none_pass() -> None:
    """A bug stays a bug; a LocationError stays itself."""
    with pytest.raises(KeyError), Border("red"):
        raise KeyError
    with pytest.raises(Conflict), Border("red"):
        raise Conflict("red", b"a", "is odd")
    with Border("red"):
        pass


def test_a_place_that_went_is_away_whatever_the_number_said() -> None:
    """`recheck` has the first word."""

    def gone() -> None:
        raise Away("red", "it went")

    with pytest.raises(Away), Border("red", recheck=gone):
        raise OSError(errno.EIO, "why")
    with pytest.raises(Full), Border("red", recheck=gone):
        raise OSError(errno.ENOSPC, "why")


def test_every_meaning_is_used() -> None:
    """The list of meanings has no dead entry."""
    assert {meaning(number) for number in errno.errorcode} == set(Meaning)


@pytest.mark.parametrize("number", [errno.EFBIG, errno.EACCES, errno.EPERM, errno.EXDEV])
def test_what_is_about_one_key_is_refused_and_what_is_about_the_place_is_denied(number: int) -> None:
    """One folder of another owner must not end the copying of all others; our own folder's refusal must."""
    for key, wanted in ((b"music/a", Refused), (b".fonoteca/versions/a", Denied), (None, Denied)):
        with pytest.raises(Denied) as caught, Border("red", key):
            raise OSError(number, os.strerror(number))
        assert wanted is type(caught.value)
