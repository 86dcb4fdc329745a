"""The contract of a location, run over every kind of place there is."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from fonoteca.core.copy import Level
from fonoteca.core.naming import rule_named, to_key
from fonoteca.core.place import Key
from fonoteca.disk import mounts
from fonoteca.errors import Broken, Conflict, Denied, Locked
from fonoteca.locations.base import Location, OpenLocation, Promise
from fonoteca.locations.folder import FolderLocation
from fonoteca.locations.rclone.address import Address
from fonoteca.locations.rclone.location import RcloneLocation
from fonoteca.locations.rclone.open import OpenRclone
from fonoteca.locations.s3.location import S3Location
from fonoteca.locations.s3.open import OpenS3
from fonoteca.locations.sftp.location import SftpLocation
from fonoteca.locations.sftp.open import OpenSftp
from fonoteca.locations.sftp.packets import STATVFS
from fonoteca.locations.sftp.wire import Wire
from support.faults import fail_at, memory_location
from support.places import MTIME, content, folder_location, keys, put, stage, stamp
from support.rclone import Webdav, local, newest, oldest, rclone_location, webdav
from support.rgw import S3Server
from support.s3 import rclone_s3, s3_location
from support.sshd import SFTP_ONLY, Sshd, sftp_location, sshd

BIG = 3 * (1 << 20) + 4321
KINDS = ("memory", "folder", "no hard links", "fsync each", "no noreplace", "neither", "no openat2", "tmpfs")
SFTP_KINDS = ("sftp", "sftp only", "sftp 3 alone")
RCLONE_KINDS = ("rclone", "old rclone", "rclone webdav")
S3_KINDS = ("ceph", "rclone serve s3")


@pytest.fixture(scope="session")
def shell_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """A server whose accounts have a shell too."""
    with sshd(tmp_path_factory.mktemp("sshd")) as server:
        yield server


@pytest.fixture(scope="session")
def bare_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """A server that gives SFTP and nothing else."""
    with sshd(tmp_path_factory.mktemp("sshd"), more=SFTP_ONLY) as server:
        yield server


@pytest.fixture(scope="session")
def dav(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Webdav]:
    """A WebDAV server, which keeps no times."""
    with webdav(tmp_path_factory.mktemp("webdav")) as server:
        yield server


@pytest.fixture(scope="session")
def poor_s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """An S3 whose conditions and checksums do not hold."""
    with rclone_s3(tmp_path_factory.mktemp("rclone")) as server:
        yield server


@pytest.fixture(params=KINDS + SFTP_KINDS + S3_KINDS + RCLONE_KINDS)
def location(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Location:
    """An adopted, empty place of each kind. What a file system lacks answers as Linux does for it."""
    kind = request.param
    if kind in SFTP_KINDS:
        server = request.getfixturevalue("bare_server" if kind == "sftp only" else "shell_server")
        if kind == "sftp 3 alone":  # a server that knows none of OpenSSH's extensions
            monkeypatch.setattr(
                Wire,
                "extensions",
                property(lambda self: frozenset(), lambda self, given: None),
                raising=False,
            )
        return sftp_location(server, tmp_path / "nas")
    if kind == "rclone webdav":
        server = request.getfixturevalue("dav")
        address = Address(f"dav:{tmp_path.name}", newest(), server.config(tmp_path))
        return rclone_location(address, known_as=kind)
    if kind in RCLONE_KINDS:
        program = oldest() if kind == "old rclone" else newest()
        return rclone_location(local(tmp_path / "drive", program), known_as=kind)
    if kind in S3_KINDS:
        store: S3Server = request.getfixturevalue("radosgw" if kind == "ceph" else "poor_s3")
        return s3_location(store, *(store.prefix() if kind == "ceph" else (store.bucket(),)))
    if kind == "memory":
        return memory_location()
    if kind in {"no hard links", "neither"}:  # FAT, exFAT
        fail_at(monkeypatch, "link", errno.EPERM, always=True)
    if kind in {"no noreplace", "neither"}:  # many FUSE and network file systems
        fail_at(monkeypatch, "rename_noreplace", errno.EINVAL, always=True)
    if kind == "no openat2":  # Linux before 5.6, filtered containers
        fail_at(monkeypatch, "openat2", errno.ENOSYS, always=True)
    if kind == "fsync each":  # whatever is not on the short list
        monkeypatch.setattr(mounts.FileSystem, "flushes_together", property(lambda self: False))
    return folder_location(_tmpfs(request) if kind == "tmpfs" else tmp_path / "red")


def _tmpfs(request: pytest.FixtureRequest) -> Path:
    if not os.access("/dev/shm", os.W_OK):
        pytest.skip("there is no tmpfs to write to")
    path = tempfile.mkdtemp(dir="/dev/shm")
    request.addfinalizer(lambda: shutil.rmtree(path))
    return Path(path) / "red"


@pytest.fixture
def place(location: Location) -> Iterator[OpenLocation]:
    """The place, open for writing."""
    with location.open(write=True) as opened:
        yield opened


def put_error(place: OpenLocation, key: bytes, data: bytes, **over: Any) -> Exception | None:
    """Publish one object; what was wrong, if anything."""
    return put(place, key, data, **over).error


@pytest.mark.parametrize("size", [0, 1, 4095, 4096, 4097, 128 << 10, (128 << 10) + 1, 1 << 20, BIG])
def test_what_is_staged_reads_back_and_what_is_published_reads_the_same(
    place: OpenLocation, size: int
) -> None:
    """A copy is bit for bit, whatever its size."""
    data = os.urandom(size)
    with place.batch() as batch:
        staged = stage(batch, b"music/a.flac", data)
        batch.flush()
        with batch.read(staged) as reading:
            read_back = b"".join(bytes(block) for block in reading)
            level = reading.level
        (outcome,) = batch.publish([staged])

    assert read_back == data
    assert level >= Level.BYTES
    assert outcome.error is None
    assert outcome.stat == place.stat(Key(b"music/a.flac"))
    assert content(place, b"music/a.flac") == data
    assert place.read(Key(b"music/a.flac")).size == size


def kept(place: OpenLocation, mtime_ns: int) -> int | None:
    """The time as that place keeps it, if it does."""
    if place.traits.mtime_precision_ns is None:
        return None
    return mtime_ns - mtime_ns % (place.traits.mtime_precision_ns or 1)


def test_mtime_is_kept_as_finely_as_the_traits_say(place: OpenLocation) -> None:
    """Players and DJ programs sort by it: to the nanosecond in a folder, to the second over SFTP."""
    put(place, b"music/a.flac", b"x")

    found = place.stat(Key(b"music/a.flac"))
    assert found is not None
    assert found.mtime_ns == kept(place, MTIME)


def test_staged_bytes_count_for_nothing_until_published(place: OpenLocation) -> None:
    """A half-made file never stands under a real name."""
    with place.batch() as batch:
        staged = stage(batch, b"music/a.flac", b"x")
        batch.flush()

        assert place.stat(Key(b"music/a.flac")) is None
        assert keys(place, b"") == _own(place)
        assert [outcome.error for outcome in batch.publish([staged])] == [None]


def _own(place: OpenLocation) -> list[bytes]:
    return [key for key in keys(place, b"") if key == b".fonoteca/location.json"]


def test_a_copy_made_over_there_is_published_like_any_other(
    place: OpenLocation, request: pytest.FixtureRequest
) -> None:
    """What went back to an earlier content takes that from the versions: nothing is sent, and the version stays."""
    version, key = b".fonoteca/versions/ab/ab12.flac", b"music/a.flac"
    data = os.urandom(BIG)
    put(place, version, data)
    put(place, key, b"edited")
    later = MTIME + 60 * 10**9
    with place.batch() as batch:
        over, keep = stamp(place, key), Key(b".fonoteca/versions/cd/cd34.flac")
        staged = batch.borrow(Key(version), Promise(Key(key), BIG, later, over, keep))
        if staged is None:
            assert request.node.callspec.params["location"] in {"sftp 3 alone", *RCLONE_KINDS}
            return
        batch.flush()
        assert b"edited" == content(place, key)
        with batch.read(staged) as reading:
            assert data == b"".join(bytes(block) for block in reading)
        assert [None] == [outcome.error for outcome in batch.publish([staged])]

    assert (data, data, b"edited") == tuple(content(place, name) for name in (key, version, keep))
    found = place.stat(Key(key))
    assert found is not None
    assert kept(place, later) == found.mtime_ns
    assert [key] == keys(place)


def test_what_does_not_stand_there_is_not_borrowed(place: OpenLocation) -> None:
    """A version that is gone, or has another size, is no source: the bytes are sent."""
    put(place, b".fonoteca/versions/ab/ab12.flac", b"four")
    with place.batch() as batch:
        for name, size in ((b".fonoteca/versions/ab/ab99.flac", 4), (b".fonoteca/versions/ab/ab12.flac", 5)):
            assert batch.borrow(Key(name), Promise(Key(b"music/a.flac"), size, MTIME)) is None


def test_leaving_a_batch_discards_what_was_not_published(location: Location) -> None:
    """What was not proven good leaves nothing behind."""
    with location.open(write=True) as place:
        with place.batch() as batch:
            stage(batch, b"music/a.flac", b"x")
            staged = stage(batch, b"music/b.flac", b"y")
            writing = batch.create(Key(b"music/c.flac"), 5, MTIME)
            writing.write(b"zz")
            batch.flush()
            list(batch.publish([staged]))
        found = keys(place)

    assert found == [b"music/b.flac"]
    if isinstance(location, FolderLocation):
        assert os.listdir(location.path + b"/.fonoteca/incoming") == []
    if isinstance(location, RcloneLocation):
        assert location._remote.folder(b".fonoteca/incoming") == []
        location._remote.close()
    if isinstance(location, S3Location):
        assert staged_in(location) == []
    if isinstance(location, SftpLocation):
        assert os.listdir(location.address.path + b"/.fonoteca/incoming") == []


def staged_in(location: S3Location) -> list[str]:
    """What a stranger sees there that is on its way."""
    client = location._store.client
    prefix = location.address.prefix + "/" if location.address.prefix else ""
    found = client.list_objects_v2(Bucket=location.address.bucket, Prefix=f"{prefix}.fonoteca/incoming/")
    return [each["Key"] for each in found.get("Contents", [])]


def test_publishing_never_replaces(place: OpenLocation) -> None:
    """A file that somebody put there is theirs."""
    put(place, b"music/a.flac", b"first")

    assert isinstance(put_error(place, b"music/a.flac", b"second"), Conflict)
    assert content(place, b"music/a.flac") == b"first"


def test_one_conflict_does_not_keep_the_others_from_being_published(place: OpenLocation) -> None:
    """Each key has an outcome of its own, in the order given."""
    put(place, b"music/b.flac", b"stands")
    with place.batch() as batch:
        staged = [stage(batch, b"music/%c.flac" % name, b"new") for name in b"abc"]
        batch.flush()
        outcomes = list(batch.publish(staged))

    assert [(outcome.key, outcome.error is None) for outcome in outcomes] == [
        (b"music/a.flac", True),
        (b"music/b.flac", False),
        (b"music/c.flac", True),
    ]


def test_superseding_keeps_the_old(place: OpenLocation) -> None:
    """The old stays until the new stands, and after that as a version."""
    put(place, b"music/a.flac", b"old")
    old = place.stat(Key(b"music/a.flac"))
    assert old is not None

    error = put_error(place, b"music/a.flac", b"new!", over=old.stamp, keep=b".fonoteca/versions/ab/abc.flac")

    assert error is None
    assert content(place, b"music/a.flac") == b"new!"
    assert content(place, b".fonoteca/versions/ab/abc.flac") == b"old"
    kept = place.stat(Key(b".fonoteca/versions/ab/abc.flac"))
    assert kept is not None
    assert (kept.size, kept.mtime_ns) == (old.size, old.mtime_ns)


def test_superseding_takes_only_exactly_the_expected_object(place: OpenLocation) -> None:
    """A file that was changed at the location behind our back is not run over."""
    put(place, b"music/a.flac", b"old")
    before = stamp(place, b"music/a.flac")
    list(place.delete([Key(b"music/a.flac")]))
    put(place, b"music/a.flac", b"stranger")

    error = put_error(place, b"music/a.flac", b"new", over=before, keep=b".fonoteca/versions/a")

    assert isinstance(error, Conflict)
    assert content(place, b"music/a.flac") == b"stranger"
    assert place.stat(Key(b".fonoteca/versions/a")) is None


def test_superseding_what_is_gone_is_a_conflict(place: OpenLocation) -> None:
    """It was decided for something that no longer stands there."""
    put(place, b"music/a.flac", b"old")
    before = stamp(place, b"music/a.flac")
    list(place.delete([Key(b"music/a.flac")]))

    error = put_error(place, b"music/a.flac", b"new", over=before, keep=b".fonoteca/versions/a")

    assert isinstance(error, Conflict)
    assert place.stat(Key(b"music/a.flac")) is None


def test_an_old_content_that_is_kept_already_is_kept_once(place: OpenLocation) -> None:
    """Versions are named by digest: A, B, A, B again and again needs each name only once."""
    version = b".fonoteca/versions/old"
    put(place, b"music/a.flac", b"old")
    put(place, b"music/a.flac", b"new", over=stamp(place, b"music/a.flac"), keep=version)
    put(place, b"music/b.flac", b"old")

    error = put_error(place, b"music/b.flac", b"new", over=stamp(place, b"music/b.flac"), keep=version)

    assert error is None
    assert content(place, b"music/b.flac") == b"new"
    assert content(place, version) == b"old"


def test_two_old_contents_of_one_batch_may_share_a_version(place: OpenLocation) -> None:
    """Duplicates are edited together, and both point to the same digest."""
    version = b".fonoteca/versions/old"
    for name in (b"music/a.flac", b"music/b.flac"):
        put(place, name, b"old")
    with place.batch() as batch:
        staged = [
            stage(batch, name, b"new", over=stamp(place, name), keep=version)
            for name in (b"music/a.flac", b"music/b.flac")
        ]
        batch.flush()
        outcomes = list(batch.publish(staged))

    assert [outcome.error for outcome in outcomes] == [None, None]
    assert content(place, version) == b"old"


def test_a_version_is_never_replaced_by_other_bytes(place: OpenLocation) -> None:
    """Of two contents under one version name, one would be lost."""
    version = b".fonoteca/versions/old"
    put(place, version, b"another")
    put(place, b"music/a.flac", b"precious")

    error = put_error(place, b"music/a.flac", b"new", over=stamp(place, b"music/a.flac"), keep=version)

    assert isinstance(error, Conflict)
    assert content(place, b"music/a.flac") == b"precious"
    assert content(place, version) == b"another"


def test_music_is_never_superseded_without_being_kept(place: OpenLocation) -> None:
    """Only our own files and SHA256SUMS, VERIFY.txt may be written anew."""
    for key in (b"SHA256SUMS", b"VERIFY.txt", b".fonoteca/libraries/1/HEAD"):
        put(place, key, b"1")
        assert put_error(place, key, b"2", over=stamp(place, key)) is None
        assert content(place, key) == b"2"
    put(place, b"music/a.flac", b"1")
    with place.batch() as batch, pytest.raises(Conflict):
        batch.create(Key(b"music/a.flac"), 1, MTIME, over=stamp(place, b"music/a.flac"))


@pytest.mark.parametrize("given", [b"", b"12", b"1234"])
def test_a_writing_that_gets_other_than_the_promised_bytes_is_broken(
    place: OpenLocation, given: bytes
) -> None:
    """A file that was cut off on its way must not be published."""
    with place.batch() as batch:
        writing = batch.create(Key(b"music/a.flac"), 3, MTIME)
        writing.write(given)
        with pytest.raises(Broken):
            writing.finish()
        writing.abort()


def test_an_aborted_writing_leaves_nothing_and_may_be_aborted_twice(place: OpenLocation) -> None:
    """abort never raises."""
    with place.batch() as batch:
        writing = batch.create(Key(b"music/a.flac"), 3, MTIME)
        writing.write(b"12")
        writing.abort()
        writing.abort()

    assert keys(place) == []


HOSTILE = [
    bytes(byte for byte in range(1, 128) if byte != ord("/")),
    bytes(range(128, 256)),
    b"n" * 255,
    "é".encode() * 127,
    b"caf\xe9 latin-1.flac",
    b"line\nbreak\r\x1b[31m.flac",
    b" .hidden ",
    b"trailing.",
    b"\\040 back\\slash",
    b"-rf",
    b"...",
    b"CON.flac",
    "e\u0301 and é".encode(),
]


def test_every_name_that_linux_allows_survives(place: OpenLocation) -> None:
    """A library is what it is: bytes, not text. Where a place takes text alone, the naming rule makes it so."""
    rule = rule_named(place.identity.naming)
    wanted = sorted(to_key("music", name, rule) for name in HOSTILE)
    with place.batch() as batch:
        staged = [stage(batch, key, key) for key in wanted]
        batch.flush()
        errors = [outcome.error for outcome in batch.publish(staged)]

    assert errors == [None] * len(wanted)
    assert keys(place) == wanted
    assert [content(place, key) for key in wanted] == wanted


@pytest.mark.parametrize(
    "key",
    [b"", b"/etc/passwd", b"../x", b"music/../../x", b"music//x", b"music/", b"./x", b"a/./b", b"nul\0"],
)
def test_what_cannot_be_a_key_is_stopped_at_the_gate(place: OpenLocation, key: bytes) -> None:
    """A manifest that a stranger wrote may name anything."""
    with pytest.raises(Conflict):
        place.stat(Key(key))
    with pytest.raises(Conflict):
        place.read(Key(key))
    with place.batch() as batch, pytest.raises(Conflict):
        batch.create(Key(key), 1, MTIME)
    assert all(isinstance(outcome.error, Conflict) for outcome in place.delete([Key(key)]))


def test_list_is_in_byte_order_of_the_whole_key(place: OpenLocation) -> None:
    """Sorted streams are joined with sorted streams: one entry out of order would read as missing."""
    wanted = [
        b"music/%s" % name
        for name in (b"a", b"a b/x", b"a-b", b"a.b", b"a/b", b"a/b.c", b"a0", b"\xff", b"B/z")
    ]
    wanted = [key for key in wanted if key != b"music/a" and (key.isascii() or not place.traits.utf8_only)]
    for key in reversed(wanted):
        assert put_error(place, key, b"x") is None

    assert keys(place) == sorted(wanted)


def test_list_takes_a_prefix_not_a_folder(place: OpenLocation) -> None:
    """`music/a` is the beginning of keys in several folders."""
    for key in (b"music/a/1", b"music/ab/2", b"music/b/3", b"music/a.txt", b"other/a"):
        put(place, key, b"x")

    assert keys(place, b"music/a") == [b"music/a.txt", b"music/a/1", b"music/ab/2"]
    assert keys(place, b"music/a/") == [b"music/a/1"]
    assert keys(place, b"nowhere/") == []
    assert keys(place, b"music/a.txt/x") == []


def test_list_says_the_same_as_stat(place: OpenLocation) -> None:
    """The plan is made from lists, the stamp is checked against stats."""
    put(place, b"music/a/1", b"x")

    assert list(place.list(Key(b"music/"))) == [(b"music/a/1", place.stat(Key(b"music/a/1")))]


def test_stat_of_nothing_is_none(place: OpenLocation) -> None:
    """Absence is an answer."""
    put(place, b"music/a", b"x")

    assert place.stat(Key(b"music/b")) is None
    assert place.stat(Key(b"nowhere/b")) is None
    assert place.stat(Key(b"music/a/b")) is None


def test_reading_nothing_is_a_conflict(place: OpenLocation) -> None:
    """The caller expected something there."""
    with pytest.raises(Conflict):
        place.read(Key(b"music/none"))


@pytest.mark.parametrize("start", [0, 1, 4095, 4096, 4097, (1 << 20) - 1, 1 << 20, BIG - 1, BIG])
def test_reading_starts_where_it_is_asked_to(place: OpenLocation, start: int) -> None:
    """A broken download goes on where it broke."""
    data = os.urandom(BIG)
    put(place, b"music/big.flac", data)

    assert content(place, b"music/big.flac", start) == data[start:]


def test_two_readings_at_once_do_not_share_a_buffer(place: OpenLocation) -> None:
    """Blocks are views: the one of another reading must not be overwritten."""
    put(place, b"music/a", b"a" * 5000)
    put(place, b"music/b", b"b" * 5000)
    with place.read(Key(b"music/a")) as one, place.read(Key(b"music/b")) as other:
        first, second = next(iter(one)), next(iter(other))

        assert (bytes(first[:2]), bytes(second[:2])) == (b"aa", b"bb")


def test_move_renames_and_never_replaces(place: OpenLocation) -> None:
    """A moved album is renamed, not sent again; what stands at the target is kept."""
    for key in (b"music/a", b"music/b", b"music/c"):
        put(place, key, key)

    outcomes = list(
        place.move(
            [
                (Key(b"music/a"), Key(b"music/new/folder/a")),
                (Key(b"music/b"), Key(b"music/c")),
                (Key(b"music/none"), Key(b"music/d")),
            ]
        )
    )

    assert [(outcome.key, type(outcome.error)) for outcome in outcomes] == [
        (b"music/new/folder/a", type(None)),
        (b"music/c", Conflict),
        (b"music/d", Conflict),
    ]
    assert outcomes[0].stat == place.stat(Key(b"music/new/folder/a"))
    assert keys(place) == [b"music/b", b"music/c", b"music/new/folder/a"]
    assert content(place, b"music/c") == b"music/c"


def test_delete_makes_absent_and_absent_is_success(place: OpenLocation) -> None:
    """A prune that was cut off is repeated."""
    put(place, b"music/a", b"x")

    outcomes = list(place.delete([Key(b"music/a"), Key(b"music/none"), Key(b"nowhere/none")]))

    assert [outcome.error for outcome in outcomes] == [None, None, None]
    assert keys(place) == []


def test_retime_sets_the_time_and_nothing_else(place: OpenLocation) -> None:
    """An mtime-only change makes no version."""
    put(place, b"music/a", b"x")

    outcomes = list(place.retime([(Key(b"music/a"), MTIME + 1_000_000_001), (Key(b"music/none"), MTIME)]))

    found = place.stat(Key(b"music/a"))
    assert found is not None
    wanted = kept(place, MTIME + 1_000_000_001)
    assert (outcomes[0].error, outcomes[0].stat, found.mtime_ns) == (None, found, wanted)
    assert isinstance(outcomes[1].error, Conflict)
    assert content(place, b"music/a") == b"x"


def test_space_is_told(place: OpenLocation) -> None:
    """Room is checked before the first byte is sent, where a place can tell."""
    space = place.space()

    if space is None:
        assert isinstance(place, OpenRclone | OpenS3) or not cast(OpenSftp, place).remote.has(STATVFS)
        return
    assert 0 < space.usable <= space.free <= space.total


def test_a_place_opened_for_reading_takes_no_writes(location: Location) -> None:
    """`verify` of a bare location changes nothing there."""
    with location.open(write=False) as place:
        with pytest.raises(Denied), place.batch():
            pass
        with pytest.raises(Denied):
            list(place.delete([Key(b"music/a")]))
        with pytest.raises(Denied):
            list(place.move([(Key(b"a"), Key(b"b"))]))


def test_one_writes_at_a_time(location: Location) -> None:
    """Two runs at once would sweep each other's staged files."""
    with location.open(write=True), pytest.raises(Locked), location.open(write=True):
        pass
    with location.open(write=True):
        pass


def test_readers_do_not_wait_for_the_writer(location: Location) -> None:
    """A status must not hang because a backup runs."""
    with location.open(write=True) as writer, location.open(write=False) as reader:
        put(writer, b"music/a", b"x")

        assert keys(reader) == [b"music/a"]


def test_a_place_says_who_it_is(location: Location) -> None:
    """The gate compares identities; peek needs none."""
    with location.open(write=False) as place:
        assert place.identity == location.peek()


def test_batches_side_by_side_keep_apart(place: OpenLocation) -> None:
    """A lane fills the next batch while the last one is finished."""
    with place.batch() as one, place.batch() as other:
        first, second = stage(one, b"music/1", b"1"), stage(other, b"music/2", b"2")
        one.flush()
        other.flush()
        outcomes = [*one.publish([first]), *other.publish([second])]

    assert [outcome.error for outcome in outcomes] == [None, None]
    assert keys(place) == [b"music/1", b"music/2"]
