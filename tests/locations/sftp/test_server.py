"""What a server's disk can do to us, and two runs to each other."""

from __future__ import annotations

import json
import os
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from fonoteca.core.place import Key
from fonoteca.disk import host
from fonoteca.errors import Away, Conflict, Denied, Full, Locked, Refused
from fonoteca.locations.sftp.location import SftpLocation
from support.disks import disk
from support.places import MTIME, content, keys, put
from support.sshd import Sshd, sftp_location, sshd


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """A server for all tests here."""
    with sshd(tmp_path_factory.mktemp("sshd")) as made:
        yield made


@pytest.fixture
def location(server: Sshd, tmp_path: Path) -> SftpLocation:
    """A folder there."""
    return sftp_location(server, tmp_path / "nas")


def test_a_full_disk_over_there_is_said_with_what_was_needed(server: Sshd, tmp_path: Path):
    """SFTP says "failure" for it; the person reads that the disk is full."""
    with disk(tmp_path, megabytes=16) as small:
        location = sftp_location(server, small.mount_point / "nas")
        with location.open(write=True) as place, pytest.raises(Full) as caught, place.batch() as batch:
            writing = batch.create(Key(b"music/a.flac"), 40 << 20, MTIME)
            for _ in range(40):
                writing.write(bytes(1 << 20))
            writing.finish()
            batch.flush()
        with location.open(write=True) as place:
            assert put(place, b"music/small", b"x").error is None

        assert caught.value.needed == 40 << 20
        assert list((small.mount_point / "nas/.fonoteca/incoming").iterdir()) == []


def test_a_disk_that_is_read_only_over_there_is_said_so(server: Sshd, tmp_path: Path):
    """A disk with errors is remounted read-only: another thing than a failure."""
    with disk(tmp_path, megabytes=16) as small:
        location = sftp_location(server, small.mount_point / "nas")
        small.remount("ro")

        with pytest.raises(Denied, match="read-only"), location.open(write=True):
            pass
        with location.open(write=False) as place:
            assert keys(place) == []


def test_a_folder_that_may_not_be_written_is_refused_with_the_remedy(server: Sshd, tmp_path: Path):
    """Root may write everywhere, so /proc stands for what nobody may write."""
    if os.geteuid() == 0:
        with pytest.raises(Denied, match="cannot be made"):
            sftp_location(server, Path("/proc/fonoteca"))
        return
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    with pytest.raises(Denied, match="permission"):
        sftp_location(server, closed / "nas")


def test_a_file_that_vanished_from_the_server_is_a_conflict(location: SftpLocation):
    """Somebody tidied up over there: it is missing, and the place is well."""
    with location.open(write=True) as place:
        put(place, b"music/a", b"x" * 10)
        os.unlink(location.address.path + b"/music/a")

        with pytest.raises(Conflict):
            place.read(Key(b"music/a"))
        assert place.stat(Key(b"music/a")) is None


def test_a_link_in_the_place_of_a_file_is_not_followed(location: SftpLocation, tmp_path: Path):
    """Bytes from elsewhere on that server are not the copy."""
    (tmp_path / "elsewhere").write_bytes(b"other")
    with location.open(write=True) as place:
        put(place, b"music/a", b"x")
        os.symlink(tmp_path / "elsewhere", location.address.path + b"/music/link")

        with pytest.raises(Conflict, match="not a regular file"):
            place.read(Key(b"music/link"))
        assert keys(place) == [b"music/a"]


def test_twins_in_nfc_and_nfd_and_the_longest_names_are_told_apart(location: SftpLocation):
    """A server keeps bytes: two names that look alike are two files."""
    names = [unicodedata.normalize(form, "é" + "n" * 250).encode() for form in ("NFC", "NFD")]
    names.append(b"\xff" * 255)
    with location.open(write=True) as place:
        errors = [put(place, b"music/" + name, name).error for name in names]
        too_long = put(place, b"music/" + b"n" * 256, b"x").error

        assert errors == [None, None, None]
        assert [content(place, b"music/" + name) for name in names] == names
        assert isinstance(too_long, Conflict)


def test_a_name_that_a_folder_has_is_refused_and_the_others_go_on(location: SftpLocation):
    """One odd thing over there stops nobody else's copy."""
    os.makedirs(location.address.path + b"/music/a")
    with location.open(write=True) as place:
        assert isinstance(put(place, b"music/a", b"x").error, Conflict | Refused)
        assert isinstance(put(place, b"music/a/b/c", b"x").error, type(None))
        os.makedirs(location.address.path + b"/other")
        (Path(os.fsdecode(location.address.path)) / "file").write_bytes(b"")
        assert isinstance(put(place, b"file/b", b"x").error, Conflict | Refused)


def test_a_marker_that_changed_under_us_is_away(location: SftpLocation):
    """Another disk was mounted there while we wrote."""
    marker = Path(os.fsdecode(location.address.path)) / ".fonoteca/location.json"
    with location.open(write=True) as place:
        marker.write_text("{}")

        with pytest.raises(Away), place.batch():
            pass


def lease_of(location: SftpLocation) -> Path:
    """The file."""
    return Path(os.fsdecode(location.address.path)) / ".fonoteca/lease.json"


def other_lease(location: SftpLocation, **facts: object) -> None:
    """Somebody else's lease."""
    lease_of(location).write_text(json.dumps({"owner": "other", **host.me()._asdict(), **facts}))


def test_a_lease_goes_with_its_run(location: SftpLocation):
    """A place that nobody writes to carries none."""
    with location.open(write=True):
        held = lease_of(location).exists()

    assert (held, lease_of(location).exists()) == (True, False)


@pytest.mark.parametrize(
    "facts", [{"pid": 2**22 + 1}, {"started": "1"}, {"boot": "an earlier one"}, {"owner": "left behind"}]
)
def test_a_lease_whose_process_is_gone_is_taken_over_at_once(
    location: SftpLocation, facts: dict[str, object]
):
    """A run that was killed leaves its lease: the next one does not wait for it."""
    other_lease(location, **facts)

    with location.open(write=True) as place:
        assert put(place, b"music/a", b"x").error is None


def test_a_run_whose_lease_was_taken_stops(location: SftpLocation):
    """It was silent for so long that another run began: two writers are worse than one that stops."""
    with location.open(write=True) as place:
        other_lease(location)
        lease = place._lease
        assert lease is not None

        with pytest.raises(Away, match="another run"):
            lease.hold(now=True)


def test_what_a_run_that_was_cut_off_left_staged_is_swept(location: SftpLocation):
    """Staged bytes count for nothing, and go when the next run begins."""
    left = Path(os.fsdecode(location.address.path)) / ".fonoteca/incoming/0bad-1"
    left.mkdir(parents=True)
    (left / "0").write_bytes(b"half")
    with location.open(write=True):
        assert not left.exists()


def test_a_server_that_allows_few_sessions_is_served_over_those(tmp_path: Path):
    """A small NAS counts sessions: what cannot have one of its own shares one."""
    for allowed in (1, 3):
        with sshd(tmp_path / f"sshd-{allowed}", more=f"MaxSessions {allowed}") as server:
            location = sftp_location(server, tmp_path / f"nas-{allowed}")
            with location.open(write=True) as place:
                for name in (b"a", b"b"):
                    put(place, b"music/" + name, name * 1000)
                with place.read(Key(b"music/a")) as one, place.read(Key(b"music/b")) as two:
                    assert b"".join(map(bytes, two)) == b"b" * 1000
                    assert b"".join(map(bytes, one)) == b"a" * 1000
                assert place.traits.streams == max(1, allowed - 1)


def test_a_lease_of_a_machine_that_is_gone_can_be_released_by_a_person(location: SftpLocation):
    """Nobody waits for a laptop that was sold; a run of this machine that works is not released."""
    other_lease(location, machine="another", host="laptop")
    with pytest.raises(Locked, match="location release nas"), location.open(write=True):
        pass

    assert "laptop" in (location.release() or "")
    assert location.release() is None
    with location.open(write=True) as place:
        assert put(place, b"music/a", b"x").error is None
        with pytest.raises(Locked):
            type(location)("nas", location.address, location.expected).release()
