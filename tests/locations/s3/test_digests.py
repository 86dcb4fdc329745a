"""A server that keeps SHA-256 digests of its own: what it refuses, what it tells, and what needs no download then."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fonoteca.core.place import Key, StoreDigest
from fonoteca.errors import LocationError
from support.localstack import localstack
from support.lying import Answer, Asked, Liar, lying
from support.places import content, put
from support.rgw import S3Server
from support.s3 import s3_location
from support.stories import Person


@pytest.fixture(scope="module")
def keeping(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A server that keeps digests."""
    with localstack(tmp_path_factory.mktemp("localstack")) as server:
        yield server


@pytest.fixture
def liar(keeping: S3Server) -> Iterator[Liar]:
    """A liar before it."""
    with lying(keeping) as made:
        yield made


def test_a_wrong_sha256_is_refused_there_and_so_relied_upon(keeping: S3Server):
    """The probe sends one; Ceph and rclone take it."""
    location = s3_location(keeping, *keeping.prefix())
    with location.open(write=False) as place:
        assert (place.traits.store_digest, place.traits.conditional_write) == ("sha256", True)


def test_every_upload_carries_its_sha256_and_the_server_tells_it_again(keeping: S3Server, liar: Liar):
    """One that came in parts has none of the whole, and says so rather than another."""
    small, large = os.urandom(2 << 20), os.urandom((16 << 20) + 1)
    with s3_location(liar.server, *keeping.prefix()).open(write=True) as place:
        put(place, b"music/small", small)
        put(place, b"music/large", large)

        assert place.digest(Key(b"music/small")) == StoreDigest("sha256", hashlib.sha256(small).digest())
        assert place.digest(Key(b"music/large")) is None
        assert place.digest(Key(b"music/none")) is None
        assert content(place, b"music/large") == large
    sent = [each for each in liar.asked if each.method == "PUT" and "/music/" in each.path]
    assert len(sent) == 4
    assert all("x-amz-checksum-sha256" in each.headers for each in sent)


def test_bytes_that_change_on_their_way_are_refused_for_their_sha256_too(keeping: S3Server, liar: Liar):
    """Though whoever changed them made the MD5 fit."""
    location = s3_location(liar.server, *keeping.prefix())

    def flip(asked: Asked) -> Answer | None:
        if asked.method != "PUT" or "/music/" not in asked.path:
            return None
        headers = {name: value for name, value in asked.headers.items() if name != "content-md5"}
        return liar.ask(Asked(asked.method, asked.path, headers, b"y" + asked.body[1:]))

    with location.open(write=True) as place:
        liar.lie(flip)
        with pytest.raises(LocationError, match="refused"):
            put(place, b"music/a", b"x" * 100)
        liar.honest()
        assert place.stat(Key(b"music/a")) is None


def downloads(liar: Liar) -> list[str]:
    """Music that was asked for."""
    return [each.path for each in liar.asked if each.method == "GET" and "/ana/music/" in each.path.lower()]


def test_level_digest_is_answered_without_any_download(tmp_path: Path, keeping: S3Server, liar: Liar):
    """Egress costs money; the server's word is told as what it is."""
    ana = Person(tmp_path)
    ana.puts("album/cover.jpg", os.urandom(300_000))
    ana.puts("album/booklet.pdf", os.urandom(3 << 20))
    bucket, prefix = keeping.bucket(), "ana"
    url = liar.server.place(tmp_path, bucket, prefix)
    assert ana.types("protect", ana.music, "--to", url).code == 0
    assert len(downloads(liar)) == 2  # what was just sent is read back
    liar.asked.clear()

    well = ana.types("verify", "--level", "digest")
    read = downloads(liar)
    name = next(
        each["Key"]
        for each in keeping.client().list_objects_v2(Bucket=bucket)["Contents"]
        if each["Key"].endswith("cover.jpg")
    )
    keeping.client().put_object(Bucket=bucket, Key=name, Body=os.urandom(300_000), ChecksumAlgorithm="SHA256")
    ill = ana.types("verify", "--level", "digest")

    assert well.code == 0, well.out + well.err
    assert read == []
    assert ill.code == 4, ill.out + ill.err
    assert "cover.jpg" in ill.out + ill.err
