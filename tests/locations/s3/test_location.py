"""A bucket as a location: who writes there, what is swept, what is locked, what is not relied upon."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fonoteca.core.digest import fast_digest
from fonoteca.core.place import Key
from fonoteca.disk import host
from fonoteca.errors import Away, Conflict, Denied, Locked
from fonoteca.locations.keys import LEASE
from fonoteca.locations.s3 import naming
from fonoteca.locations.s3.location import S3Location
from fonoteca.locations.s3.naming import Names
from fonoteca.locations.s3.store import Store
from support.lying import lying
from support.places import content, keys, put, stage, stamp
from support.proxy import proxy
from support.rgw import S3Server
from support.s3 import rclone_s3, s3_address, s3_location


@pytest.fixture(scope="module")
def poor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A server whose conditions do not hold."""
    with rclone_s3(tmp_path_factory.mktemp("poor")) as server:
        yield server


@pytest.fixture
def location(radosgw: S3Server) -> S3Location:
    """A prefix in a bucket of Ceph."""
    return s3_location(radosgw, *radosgw.prefix())


def names(location: S3Location, below: str = "") -> list[str]:
    """What a stranger sees there."""
    address = location.address
    prefix = f"{address.prefix}/" if address.prefix else ""
    found = location._store.client.list_objects_v2(Bucket=address.bucket, Prefix=prefix + below)
    return [each["Key"].removeprefix(prefix) for each in found.get("Contents", [])]


def lay_lease(location: S3Location, **other: Any) -> None:
    """A lease of somebody."""
    said = {"owner": "x", "since": 1, **host.me()._asdict(), **other}
    location._store.put(LEASE, json.dumps(said).encode())


def test_what_the_servers_honour_is_found_out(location: S3Location, poor: S3Server):
    """Ceph keeps conditions and ignores SHA-256; rclone says yes to both and keeps neither."""
    with location.open(write=False) as place:
        ceph = place.traits
    rclone = S3Location("poor", s3_address(poor, poor.bucket()), None).probe()

    assert (ceph.conditional_write, ceph.store_digest, ceph.atomic_upload) == (True, None, True)
    assert (rclone.conditional_write, rclone.store_digest, rclone.atomic_upload) == (False, None, True)
    assert ceph.mtime_precision_ns is None


def test_a_probe_leaves_nothing_behind(radosgw: S3Server):
    """It is somebody's bucket."""
    bucket, prefix = radosgw.prefix()
    bare = S3Location("cloud", s3_address(radosgw, bucket, prefix), None)

    bare.probe()

    assert names(bare) == []


def test_conditions_are_not_sent_to_a_server_that_ignores_them(poor: S3Server):
    """There the name is looked up before; a stranger's file is left alone."""
    with lying(poor) as between:
        location = s3_location(between.server, poor.bucket())
        with location.open(write=True) as place:
            between.asked.clear()
            assert put(place, b"music/a", b"first").error is None
            assert isinstance(put(place, b"music/a", b"second").error, Conflict)

            assert content(place, b"music/a") == b"first"
        assert not [
            each for each in between.asked if "if-none-match" in {name.lower() for name in each.headers}
        ]


def test_two_who_come_at_one_moment_to_a_poor_server_do_not_both_write(poor: S3Server):
    """Without conditions everybody makes a claim first, and gives way when another stands."""
    location = s3_location(poor, poor.bucket())
    said = {"owner": "x", "since": 1, **host.me()._asdict(), "machine": "another", "host": "laptop"}
    location._store.put(Key(b".fonoteca/incoming/lease-x"), json.dumps(said).encode())

    with pytest.raises(Locked, match="by a run on laptop"), location.open(write=True):
        pass

    assert names(location, ".fonoteca/incoming/") == [".fonoteca/incoming/lease-x"]


def test_another_machine_that_writes_keeps_us_out(location: S3Location):
    """Two runs at once would sweep each other's uploads."""
    lay_lease(location, machine="another", host="laptop")

    with pytest.raises(Locked, match="by a run on laptop"), location.open(write=True):
        pass


@pytest.mark.parametrize("other", [{"boot": "earlier"}, {"pid": 2**22 + 1, "started": "1"}])
def test_a_lease_whose_process_is_gone_is_taken_over(location: S3Location, other: dict[str, Any]):
    """A run was killed, or the machine: the next one need not wait."""
    lay_lease(location, **other)

    with location.open(write=True) as place:
        put(place, b"music/a", b"x")

    assert ".fonoteca/lease.json" not in names(location)


def test_a_lease_that_another_took_ends_the_run(location: S3Location, monkeypatch: pytest.MonkeyPatch):
    """We were asleep for long; whoever writes there now is not run over."""
    monkeypatch.setattr("fonoteca.locations.lease.TOUCH_S", -1.0)
    with pytest.raises(Away, match="another run took its place"), location.open(write=True) as place:
        lay_lease(location, machine="another")
        with place.batch():
            pass


def test_what_a_killed_run_left_is_swept_and_what_is_not_ours_stays(location: S3Location):
    """Staged objects, and parts of uploads that nobody ends: they cost money every month."""
    client, address = location._store.client, location.address
    began = int((datetime.now(UTC) - timedelta(seconds=60)).timestamp())
    lay_lease(location, boot="earlier", since=began)
    location._store.put(Key(b".fonoteca/incoming/dead-1/1"), b"x")
    ours = location._store.begin(Key(b"music/half"))
    location._store.send(ours, 1, [b"x"])
    strangers = client.create_multipart_upload(Bucket=address.bucket, Key=f"elsewhere {address.prefix}")

    with location.open(write=True):
        assert list(location._store.uploads()) == []
        assert names(location, ".fonoteca/incoming/") == []

    left = client.list_multipart_uploads(Bucket=address.bucket, Prefix="elsewhere ").get("Uploads", [])
    assert [each["UploadId"] for each in left if each["UploadId"] == strangers["UploadId"]]


def test_an_upload_that_somebody_else_makes_now_is_not_swept(location: S3Location):
    """No run of ours died there: a file that is being put beside our music is theirs."""
    stranger = location._store.begin(Key(b"music/theirs"))
    own = location._store.begin(Key(b".fonoteca/incoming/ours"))

    with location.open(write=True):
        left = [upload.id for upload, _ in location._store.uploads()]

    assert left == [stranger.id]
    assert own.id not in left


def test_what_reads_back_and_is_not_published_goes_with_its_batch(location: S3Location):
    """Reading back is what completes an upload, so the name has to be taken away again."""
    with location.open(write=True) as place:
        with place.batch() as batch:
            staged = [stage(batch, b"music/%d" % size, os.urandom(size)) for size in (5000, 20 << 20)]
            batch.flush()
            for each in staged:
                with batch.read(each) as reading:
                    fast_digest(reading)
            assert keys(place) == [b"music/20971520", b"music/5000"]

        assert keys(place) == []
        assert names(location, ".fonoteca/incoming/") == []
        assert list(location._store.uploads()) == []


SIZES = (5000, 2 << 20, 17 << 20)
"""Held here and put when it is read back; put when its last byte came; sent in parts."""


def cut_off(location: S3Location, monkeypatch: pytest.MonkeyPatch, publish: bool) -> None:
    """A run that ends before, or right after, it published three objects, and tidies nothing up."""
    monkeypatch.setattr("fonoteca.locations.s3.batch.S3Batch.discard", lambda self: None)
    with location.open(write=True) as place, place.batch() as batch:
        staged = [stage(batch, b"music/%d" % size, os.urandom(size)) for size in SIZES]
        batch.flush()
        for each in staged:
            with batch.read(each) as reading:
                fast_digest(reading)
        assert publish is False or [None] * 3 == [outcome.error for outcome in batch.publish(staged)]
        assert len(SIZES) == len(keys(place))
    monkeypatch.undo()


def test_what_stood_before_it_was_published_goes_when_its_run_was_killed(
    location: S3Location, monkeypatch: pytest.MonkeyPatch
):
    """Nobody recorded it: it would stand for ever in the way of a file that was edited since."""
    cut_off(location, monkeypatch, publish=False)

    with location.open(write=True) as place:
        assert keys(place) == []
        assert names(location, ".fonoteca/incoming/") == []


def test_what_was_published_stays_when_its_run_was_killed(
    location: S3Location, monkeypatch: pytest.MonkeyPatch
):
    """From then on the intent says what it is."""
    cut_off(location, monkeypatch, publish=True)

    with location.open(write=True) as place:
        assert sorted(b"music/%d" % size for size in SIZES) == keys(place)


def test_what_somebody_else_put_under_a_noted_name_stays(
    location: S3Location, monkeypatch: pytest.MonkeyPatch
):
    """Another size, or older than the note: not ours to remove."""
    put = [(Key(b"music/%d" % size), size) for size in (7, 8)]
    with location.open(write=True) as place:
        location._store.put(put[0][0], b"seven b")
        older = location._store.call("head_object", put[0][0], Key=location._store.name(put[0][0]))
        location._store.put(put[1][0], b"no 8")
        Names(location._store, place.note).note(put)
    monkeypatch.setattr(naming, "_written", _a_second_after(naming._written, older["LastModified"]))

    with location.open(write=True) as place:
        assert [b"music/7", b"music/8"] == keys(place)


def _a_second_after(real: Any, older: datetime) -> Any:
    """A server's clock that went on by a minute before the note was written."""

    def written(store: Any, key: Key) -> Any:
        found = real(store, key)
        if found is not None and b"-naming-" in key:
            return older + timedelta(minutes=1), found[1]
        return found

    return written


def test_music_is_locked_and_our_own_files_are_not(radosgw: S3Server):
    """A stolen key can write a delete marker, and erase no version of the music before its time."""
    bucket = radosgw.bucket(ObjectLockEnabledForBucket=True)
    location = s3_location(radosgw, bucket, retain_s=86_400)
    client = radosgw.client()
    with location.open(write=True) as place:
        put(place, b"music/a", b"first")
        put(place, b"SHA256SUMS", b"1")
        put(place, b"music/a", b"second", over=stamp(place, b"music/a"), keep=b".fonoteca/versions/1/a")
        put(place, b"SHA256SUMS", b"2", over=stamp(place, b"SHA256SUMS"))
        put(place, b"music/large", os.urandom(17 << 20))

    locked = {}
    for each in client.list_object_versions(Bucket=bucket)["Versions"]:
        told = client.head_object(Bucket=bucket, Key=each["Key"], VersionId=each["VersionId"])
        locked.setdefault(each["Key"], set()).add(told.get("ObjectLockMode"))
    assert locked["music/a"] == {"COMPLIANCE"}
    assert locked["music/large"] == {"COMPLIANCE"}
    assert locked[".fonoteca/versions/1/a"] == {"COMPLIANCE"}
    assert locked["SHA256SUMS"] == {None}
    assert locked[".fonoteca/location.json"] == {None}
    version = client.head_object(Bucket=bucket, Key="music/a")["VersionId"]
    with pytest.raises(client.exceptions.ClientError, match="AccessDenied"):
        client.delete_object(Bucket=bucket, Key="music/a", VersionId=version)
    with location.open(write=True) as place:
        assert [outcome.error for outcome in place.delete([Key(b"music/a")])] == [None]
        assert place.stat(Key(b"music/a")) is None


def test_a_lock_that_the_bucket_cannot_keep_is_refused(radosgw: S3Server):
    """Nobody shall believe that their music is locked."""
    with pytest.raises(Denied, match="no object lock"):
        s3_location(radosgw, *radosgw.prefix(), retain_s=86_400)


def test_encryption_and_class_are_asked_for_where_they_shall_be(radosgw: S3Server):
    """Every request says what the config says; our own files stay in the usual class."""
    with lying(radosgw) as between:
        more = {"storage_class": "STANDARD", "encryption": "aws:kms:ours"}
        store = Store("cloud", s3_address(between.server, radosgw.prefix()[0], "p", **more))

        assert store.terms(b"music/a") == {
            "ServerSideEncryption": "aws:kms",
            "SSEKMSKeyId": "ours",
            "StorageClass": "STANDARD",
        }
        assert "StorageClass" not in store.terms(b".fonoteca/x")


def test_a_listing_of_many_comes_page_by_page_and_in_order(
    location: S3Location, monkeypatch: pytest.MonkeyPatch
):
    """A hundred thousand names are a hundred requests, told as they come; here pages are smaller."""
    monkeypatch.setattr("fonoteca.locations.s3.store.TOGETHER", 40)
    wanted = [b"music/%04d" % number for number in range(100)]
    with location.open(write=True) as place:
        place.each(lambda key: place.store.put(Key(key), b""), wanted)
        listing = place.list(Key(b"music/"))

        assert next(listing)[0] == wanted[0]
        assert [key for key, _ in listing] == wanted[1:]


def test_folders_as_consoles_make_them_are_no_objects(location: S3Location):
    """An empty object whose name ends in a slash."""
    client, address = location._store.client, location.address
    client.put_object(Bucket=address.bucket, Key=f"{address.prefix}/music/", Body=b"")
    with location.open(write=True) as place:
        put(place, b"music/a", b"x")

        assert keys(place) == [b"music/a"]


def test_two_prefixes_of_one_bucket_are_two_places(radosgw: S3Server):
    """What the one holds is nothing to the other, though their names begin alike."""
    bucket = radosgw.bucket()
    one, other = s3_location(radosgw, bucket, "music"), s3_location(radosgw, bucket, "music 2")
    with one.open(write=True) as place, other.open(write=True) as another:
        put(place, b"a", b"1")
        put(another, b"b", b"2")

        assert keys(place, b"") == [b".fonoteca/location.json", b"a"]
        assert keys(another, b"") == [b".fonoteca/location.json", b"b"]
        assert place.identity.file_system == another.identity.file_system


def test_a_marker_that_changes_while_the_place_is_open_ends_the_run(location: S3Location):
    """Somebody made another location of it meanwhile."""
    with location.open(write=True) as place:
        location.mark(location.new_identity("object/1"), place.traits)

        with pytest.raises(Away, match="marker changed"), place.batch():
            pass


def test_a_connection_cut_twenty_times_ends_in_the_right_bytes(
    radosgw: S3Server, monkeypatch: pytest.MonkeyPatch
):
    """At random, while parts go there and small things are asked; nothing is left over."""
    monkeypatch.setattr("fonoteca.locations.s3.batch.PART", 5 << 20)
    data = os.urandom(120 << 20)
    chance = random.Random(20)
    with proxy(radosgw.port) as between:
        location = s3_location(radosgw.through(between.port), *radosgw.prefix(), limit_s=10, streams=1)
        with location.open(write=True) as place:
            between.cut_often(20, lambda: chance.randrange(5 << 20, 7 << 20))
            with place.batch() as batch:
                staged = stage(batch, b"music/a", data)
                batch.flush()
                between.cut_after(None)
                with batch.read(staged) as reading:
                    proven = fast_digest(reading) == fast_digest([data])
                (outcome,) = batch.publish([staged])

            assert (proven, outcome.error) == (True, None)
            assert between.cuts >= 15
            assert list(place.store.uploads()) == []
        assert names(location, ".fonoteca/incoming/") == []


def test_boto3_is_loaded_only_when_a_bucket_is_used(tmp_path: Path):
    """It takes half a second, which `status` has not."""
    code = "import sys, fonoteca.locations.s3.location; sys.exit('botocore' in sys.modules or 'boto3' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False).returncode == 0
