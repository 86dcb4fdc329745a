"""What a config asks of a server, seen on a real one: how it is addressed, encrypted, classed and copied."""

from __future__ import annotations

import os

import pytest

from fonoteca.core.place import Key
from fonoteca.errors import Broken, Conflict, Denied
from fonoteca.locations.patience import Patience
from fonoteca.locations.retry import Retrying
from fonoteca.locations.s3.address import Address
from fonoteca.locations.s3.location import S3Location
from support.lying import lying
from support.places import content, keys, put, stage, stamp
from support.rgw import DNS, KMS, S3Server
from support.s3 import s3_location


def test_a_bucket_may_be_the_name_of_a_host(radosgw: S3Server, monkeypatch: pytest.MonkeyPatch):
    """Virtual addressing, as Amazon wants it: here a proxy knows the name."""
    bucket = radosgw.bucket()
    with lying(radosgw) as proxy:
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        for name in ("HTTP_PROXY", "http_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        location = s3_location(S3Server(f"http://{DNS}"), bucket, "ana", addressing="virtual")
        with location.open(write=True) as place:
            put(place, "music/é + ü.flac".encode(), b"first")
            old = stamp(place, "music/é + ü.flac".encode())
            put(place, "music/é + ü.flac".encode(), b"second", over=old, keep=b".fonoteca/versions/1")
            list(place.move([(Key(b".fonoteca/versions/1"), Key(b".fonoteca/versions/2"))]))

            assert keys(place) == ["music/é + ü.flac".encode()]
            assert content(place, b".fonoteca/versions/2") == b"first"
        monkeypatch.undo()
        hosts = {each.headers.get("host") or each.headers["Host"] for each in proxy.asked}
    assert hosts == {f"{bucket}.{DNS}"}
    assert radosgw.client().list_objects_v2(Bucket=bucket, Prefix="ana/music/")["KeyCount"] == 1


def test_what_is_encrypted_over_there_is_so_in_parts_too(radosgw: S3Server):
    """With a key that the server looks after: every way that bytes take there asks for it."""
    location = s3_location(radosgw, radosgw.bucket(), encryption=f"aws:kms:{KMS}")
    large = os.urandom((16 << 20) + 1)
    with location.open(write=True) as place:
        put(place, b"music/small", b"x")
        put(place, b"music/large", large)

        assert content(place, b"music/large") == large
    client, bucket = radosgw.client(), location.address.bucket
    names = ("music/small", "music/large", ".fonoteca/location.json")
    told = [client.head_object(Bucket=bucket, Key=name) for name in names]
    assert [each.get("ServerSideEncryption") for each in told] == ["aws:kms"] * 3


@pytest.mark.parametrize("size", [0, 5, (16 << 20) + 7])
def test_what_the_server_does_not_copy_goes_through_this_machine(radosgw: S3Server, size: int):
    """Ceph 16 copies nothing that it encrypts: what is edited or moved is kept all the same."""
    location = s3_location(radosgw, *radosgw.prefix(), encryption=f"aws:kms:{KMS}")
    old = os.urandom(size)
    with location.open(write=True) as place:
        put(place, b"music/a", old)
        put(place, b"music/a", b"new", over=stamp(place, b"music/a"), keep=b".fonoteca/versions/1")
        put(place, b"music/b", old)
        (outcome,) = place.move([(Key(b"music/b"), Key(b"music/c"))])

        assert outcome.error is None
        assert keys(place) == [b"music/a", b"music/c"]
        assert content(place, b".fonoteca/versions/1") == content(place, b"music/c") == old
        assert content(place, b"music/a") == b"new"


def test_bytes_that_change_on_their_way_through_this_machine_are_not_kept(
    radosgw: S3Server, monkeypatch: pytest.MonkeyPatch
):
    """What stood stays; nothing takes the second name."""
    location = s3_location(radosgw, *radosgw.prefix(), encryption=f"aws:kms:{KMS}")
    with location.open(write=True) as place:
        put(place, b"music/a", b"old")
        monkeypatch.setattr("fonoteca.locations.s3.carrying._piece", lambda *words: b"odl")
        with pytest.raises(Broken, match="on their way"):
            list(place.move([(Key(b"music/a"), Key(b"music/b"))]))

        assert keys(place) == [b"music/a"]


def test_a_key_that_the_server_does_not_have_is_said_so(radosgw: S3Server):
    """Not taken for a name that it does not like."""
    with pytest.raises(Denied, match="cannot encrypt with the key"):
        s3_location(radosgw, *radosgw.prefix(), encryption="aws:kms:nobody's")


def test_music_has_the_class_that_was_asked_for_and_our_own_files_have_not(radosgw: S3Server):
    """What is read and written all the time would cost more there than it saves."""
    with lying(radosgw) as between:
        location = s3_location(between.server, *radosgw.prefix(), storage_class="STANDARD")
        between.asked.clear()
        with location.open(write=True) as place:
            put(place, b"music/small", b"x")
            put(place, b"music/large", bytes((16 << 20) + 1))
            put(place, b".fonoteca/x", b"x")
            list(place.move([(Key(b"music/small"), Key(b"music/moved"))]))

    def classed(part: str) -> list[bool]:
        made = [each for each in between.asked if part in each.path and "partNumber" not in each.path]
        made = [each for each in made if each.method == "PUT" or each.path.endswith("?uploads")]
        return ["x-amz-storage-class" in {name.lower() for name in each.headers} for each in made]

    assert classed("/music/") == [True, True, True]
    assert set(classed("/.fonoteca/")) == {False}


def test_what_is_too_large_for_one_copy_is_copied_in_pieces(
    radosgw: S3Server, monkeypatch: pytest.MonkeyPatch
):
    """Over 5 GB, where S3 copies no more at once: here that is a little less."""
    monkeypatch.setattr("fonoteca.locations.s3.store.LARGEST_COPY", 5 << 20)
    monkeypatch.setattr("fonoteca.locations.s3.store._PIECE", 5 << 20)
    data = os.urandom((11 << 20) + 5)
    location = s3_location(radosgw, *radosgw.prefix())
    with location.open(write=True) as place:
        put(place, b"music/a", data)
        put(place, b"music/a", b"new", over=stamp(place, b"music/a"), keep=b".fonoteca/versions/1")
        (outcome,) = place.move([(Key(b".fonoteca/versions/1"), Key(b".fonoteca/versions/2"))])

        assert outcome.error is None
        assert stamp(place, b".fonoteca/versions/2").endswith("-3")
        assert content(place, b".fonoteca/versions/2") == data
        assert list(place.store.uploads()) == []


@pytest.mark.parametrize("streams", [1, 2])
def test_few_streams_do_the_same_work(radosgw: S3Server, streams: int):
    """A line that bears no more, or a server that wants no more."""
    location = s3_location(radosgw, *radosgw.prefix(), streams=streams)
    wanted = {b"music/%d" % size: os.urandom(size) for size in (0, 5, 2 << 20, (16 << 20) + 3)}
    with location.open(write=True) as place:
        with place.batch() as batch:
            staged = [stage(batch, key, data) for key, data in wanted.items()]
            batch.flush()
            for each in staged:
                with batch.read(each) as reading:
                    assert b"".join(bytes(block) for block in reading) == wanted[each.key]
            assert [outcome.error for outcome in batch.publish(staged)] == [None] * len(staged)

        assert {key: content(place, key) for key in keys(place)} == wanted


def test_an_address_without_an_endpoint_is_amazons_own():
    """Of the region that was named."""
    assert (
        S3Location("cloud", Address("ana-music", region="eu-west-3"), None).where()
        == "s3:amazonaws.com/eu-west-3"
    )


def test_an_object_that_lost_half_its_bytes_is_unreadable_and_can_be_replaced(radosgw: S3Server):
    """A disk of the store died: listed as before, it can be neither read nor copied, and must not stay for ever."""
    bucket, prefix = radosgw.prefix()
    key, data = Key(b"music/scans.pdf"), os.urandom(9 << 20)
    location = Retrying(s3_location(radosgw, bucket, prefix, limit_s=1.0), Patience(tries=2, first_s=0.0))
    with location.open(write=True) as place:
        put(place, key, data)
        radosgw.tail_on_disk(bucket, f"{prefix}/music/scans.pdf").lose()

        with pytest.raises((Broken, Conflict)):  # Ceph falls silent, and then knows nothing of the rest
            content(place, key)
        outcome = put(place, key, data, over=stamp(place, key), keep=b".fonoteca/quarantine/ab/000001.pdf")

        assert outcome.error is None
        assert data == content(place, key)
        assert place.stat(Key(b".fonoteca/quarantine/ab/000001.pdf")) is None


def test_what_cannot_be_kept_as_a_version_is_not_replaced(radosgw: S3Server):
    """Only bad bytes may be let go of when a server does not have them."""
    bucket, prefix = radosgw.prefix()
    key, data = Key(b"music/scans.pdf"), os.urandom(9 << 20)
    location = s3_location(radosgw, bucket, prefix, limit_s=1.0)
    with location.open(write=True) as place:
        put(place, key, data)
        radosgw.tail_on_disk(bucket, f"{prefix}/music/scans.pdf").lose()

        outcome = put(place, key, data, over=stamp(place, key), keep=b".fonoteca/versions/ab/abcd.pdf")

        assert isinstance(outcome.error, Conflict)
