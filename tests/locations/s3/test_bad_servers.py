"""What a server, a network and a login can do to us: real refusals of Ceph, and lies told on purpose."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import random
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from fonoteca.core.digest import fast_digest
from fonoteca.core.naming import rule_named, to_key, to_path
from fonoteca.core.place import Key
from fonoteca.errors import Away, Broken, Conflict, Denied, Full, LocationError, Lost, Refused
from fonoteca.locations.retry import Patience, Retrying
from fonoteca.locations.s3.address import Address
from fonoteca.locations.s3.location import S3Location
from support.lying import Answer, Asked, Liar, lying, private_authority, refusal
from support.places import MTIME, content, keys, put, stage
from support.proxy import proxy
from support.rgw import S3Server
from support.s3 import s3_address, s3_location
from support.sshd import sshd

BIG = (9 << 20) + 17
QUICK = Patience(sleep=lambda _: None)


@pytest.fixture
def liar(radosgw: S3Server) -> Iterator[Liar]:
    """A liar before the real server; honest until it is told to lie."""
    with lying(radosgw) as made:
        yield made


@pytest.fixture
def location(liar: Liar, radosgw: S3Server) -> S3Location:
    """A place seen through the liar."""
    return s3_location(liar.server, *radosgw.prefix(), limit_s=5)


def is_music(asked: Asked, method: str) -> bool:
    """True for a request about an object of the library."""
    return asked.method == method and "/music/" in asked.path


def opened(address: Address) -> None:
    """Look who is there."""
    S3Location("cloud", address, None, limit_s=5).peek()


def test_a_bucket_that_is_not_there_is_away(radosgw: S3Server):
    """A name that was mistyped is not an empty bucket."""
    with pytest.raises(Away, match="there is no bucket no-such-bucket"):
        opened(s3_address(radosgw, "no-such-bucket"))


@pytest.mark.parametrize(("key", "secret"), [("AKIAWRONG", "secretsecret"), ("AKIATEST", "wrong")])
def test_wrong_keys_are_refused_and_not_repeated(radosgw: S3Server, key: str, secret: str):
    """The sentence says what to look at, and never what the secret is."""
    wrong = S3Server(radosgw.url, key, secret)
    bucket, _ = radosgw.prefix()

    with pytest.raises(Denied, match="does not take these credentials") as caught:
        opened(s3_address(wrong, bucket))

    assert secret not in str(caught.value)


def test_no_credentials_at_all_are_said_with_where_they_may_stand(
    radosgw: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The usual chain ended empty."""
    for name in [each for each in os.environ if each.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    with pytest.raises(Denied, match=r"no credentials were found.*credentials_file"):
        opened(Address("any", endpoint=radosgw.url, region="us-east-1"))
    with pytest.raises(Denied, match="holds no credentials"):
        opened(Address("any", endpoint=radosgw.url, credentials_file=str(tmp_path / "none")))
    with pytest.raises(Denied, match="its login cannot be read"):
        opened(Address("any", endpoint=radosgw.url, profile="nobody"))


ACTIONS = {
    "s3:ListBucket": "list what is there",
    "s3:GetObject": "read",
    "s3:PutObject": "write",
    "s3:DeleteObject": "remove",
}


@pytest.mark.parametrize("lacking", list(ACTIONS))
def test_a_permission_that_is_lacking_is_named(radosgw: S3Server, lacking: str):
    """Whoever set the policy reads which line is missing."""
    guest = radosgw.user("guest")
    bucket = radosgw.bucket()
    rules = [
        {
            "Effect": effect,
            "Principal": {"AWS": [f"arn:aws:iam:::user/{guest.key.lower()}"]},
            "Action": actions,
            "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        }
        for effect, actions in (("Allow", list(ACTIONS)), ("Deny", [lacking]))
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": rules})
    radosgw.client().put_bucket_policy(Bucket=bucket, Policy=policy)

    with pytest.raises(Denied, match=f"may not {ACTIONS[lacking]}.*{lacking}"):
        S3Location("cloud", s3_address(guest, bucket), None).probe()


def test_a_clock_that_is_wrong_is_said_so(radosgw: S3Server, monkeypatch: pytest.MonkeyPatch):
    """The real server refuses a signature from another hour."""
    bucket, _ = radosgw.prefix()
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=3)
    monkeypatch.setattr("fonoteca.locations.s3.signing.moment", lambda: later)

    with pytest.raises(Denied, match="clock"):
        opened(s3_address(radosgw, bucket))


@pytest.mark.parametrize(
    "answer",
    [
        refusal(400, "AuthorizationHeaderMalformed", "<Region>eu-west-3</Region>"),
        Answer(
            301,
            {"x-amz-bucket-region": "eu-west-3"},
            b"<?xml version='1.0'?><Error><Code>PermanentRedirect</Code></Error>",
        ),
    ],
)
def test_a_bucket_in_another_region_names_that_region(liar: Liar, answer: Answer):
    """One word in the config puts it right."""
    liar.lie(lambda asked: answer)

    with pytest.raises(Denied, match=r'another region.*region = "eu-west-3"'):
        opened(s3_address(liar.server, "any"))


def test_a_quota_that_is_reached_is_full(radosgw: S3Server):
    """The disks over there may have room; we do not."""
    poor = radosgw.user("poor")
    uid = poor.key.lower()
    location = s3_location(poor, poor.bucket())
    with location.open(write=True) as place:
        put(place, b"music/a", b"x")
        quota = ("--quota-scope", "user", "--uid", uid)
        radosgw.admin("quota", "set", *quota, "--max-size", "1000")
        radosgw.admin("quota", "enable", *quota)
        with pytest.raises(Full) as caught:
            put(place, b"music/b", b"y" * 5000)

    assert caught.value.needed == 5000


def test_an_object_that_vanished_is_a_conflict(location: S3Location, radosgw: S3Server):
    """Somebody tidied up over there: it is missing, and the place is well."""
    with location.open(write=True) as place:
        put(place, b"music/a", b"x" * 10)
        name = f"{location.address.prefix}/music/a"
        radosgw.client().delete_object(Bucket=location.address.bucket, Key=name)

        with pytest.raises(Conflict, match="not there"):
            place.read(Key(b"music/a"))
        assert place.stat(Key(b"music/a")) is None


@pytest.mark.parametrize("size", [5000, BIG])
def test_an_answer_that_is_cut_short_is_never_taken_for_the_whole(
    location: S3Location, liar: Liar, size: int
):
    """The status said 200 and the length was right; half of it came, every time."""
    data = os.urandom(size)
    with location.open(write=True) as place:
        put(place, b"music/a", data)

        def cut(asked: Asked) -> Answer | None:
            if not is_music(asked, "GET"):
                return None
            answer = liar.ask(asked)
            return Answer(answer.status, answer.headers, answer.body, cut=len(answer.body) // 2)

        liar.lie(cut)
        with pytest.raises(Lost):
            content(place, b"music/a")
        liar.honest()
        assert content(place, b"music/a") == data


def test_a_reading_goes_on_where_it_broke_off(location: S3Location, liar: Liar):
    """What came is not asked for again."""
    data = os.urandom(BIG)
    with location.open(write=True) as place:
        put(place, b"music/a", data)
    cuts = iter([1 << 20, 2 << 20, 100_000])

    def cut(asked: Asked) -> Answer | None:
        room = next(cuts, None) if is_music(asked, "GET") else None
        if room is None:
            return None
        answer = liar.ask(asked)
        return Answer(answer.status, answer.headers, answer.body, cut=room)

    liar.lie(cut)
    with Retrying(location, QUICK).open(write=False) as place:
        assert content(place, b"music/a") == data


def lies_about_storing(liar: Liar, stored: bytes | None) -> Any:
    """Answers "stored" to music, and stores something else, or nothing."""

    def lie(asked: Asked) -> Answer | None:
        if not is_music(asked, "PUT") or "x-amz-copy-source" in {key.lower() for key in asked.headers}:
            return None
        if stored is not None:
            bucket, _, key = asked.path.partition("?")[0].lstrip("/").partition("/")
            liar._real.client().put_object(Bucket=bucket, Key=unquote(key), Body=stored)
        return Answer(200, {"ETag": f'"{hashlib.md5(asked.body).hexdigest()}"'}, b"")

    return lie


@pytest.mark.parametrize("stored", [None, b"", b"y" * 5000], ids=["nothing", "no bytes", "other bytes"])
def test_what_was_not_stored_as_it_was_sent_is_seen_by_reading_it_back(
    location: S3Location, liar: Liar, stored: bytes | None
):
    """The server swears that it has the right bytes, digest and all."""
    data = b"x" * 5000
    with location.open(write=True) as place:
        liar.lie(lies_about_storing(liar, stored))
        with place.batch() as batch:
            staged = stage(batch, b"music/a", data)
            batch.flush()
            with batch.read(staged) as reading:
                proven = fast_digest(reading) == fast_digest([data])
        liar.honest()

        assert not proven
        assert keys(place) == []


def test_a_multipart_etag_is_no_md5(location: S3Location):
    """It is compared as a stamp; the bytes are judged by reading them."""
    data = os.urandom(17 << 20)
    with location.open(write=True) as place:
        with place.batch() as batch:
            staged = stage(batch, b"music/a", data)
            batch.flush()
            with batch.read(staged) as reading:
                proven = fast_digest(reading) == fast_digest([data])
            (outcome,) = batch.publish([staged])
        found = place.stat(Key(b"music/a"))

    assert proven
    assert found is not None
    assert outcome.stat == found
    assert found.stamp.endswith("-3")


def test_a_wrong_etag_for_an_upload_makes_no_copy_out_of_nothing(location: S3Location, liar: Liar):
    """A server that tells another digest than it got: the bytes decide, the stamp does not fit, nothing is run over."""

    def lie(asked: Asked) -> Answer | None:
        if not is_music(asked, "PUT"):
            return None
        answer = liar.ask(asked)
        return Answer(answer.status, {**answer.headers, "ETag": '"' + "0" * 32 + '"'}, answer.body)

    with location.open(write=True) as place:
        liar.lie(lie)
        outcome = put(place, b"music/a", b"x")
        liar.honest()
        assert outcome.stat is not None
        again = put(place, b"music/a", b"new", over=outcome.stat.stamp, keep=b".fonoteca/versions/a")

        assert isinstance(again.error, Conflict)
        assert content(place, b"music/a") == b"x"


def test_bytes_that_change_on_their_way_are_refused_by_the_server(location: S3Location, liar: Liar):
    """Content-MD5 goes with every request and every part."""

    def flip(asked: Asked) -> Answer | None:
        if not is_music(asked, "PUT"):
            return None
        body = bytes([asked.body[0] ^ 1]) + asked.body[1:]
        headers = {key: value for key, value in asked.headers.items() if key != "authorization"}
        changed = Asked(
            asked.method, asked.path, {**headers, "authorization": asked.headers["authorization"]}, body
        )
        return liar.ask(changed)

    with location.open(write=True) as place:
        liar.lie(flip)
        with pytest.raises(LocationError, match=r"changed on their way|refused"):
            put(place, b"music/a", b"x" * 100)
        liar.honest()
        assert keys(place) == []


def test_every_upload_carries_its_md5(location: S3Location, liar: Liar):
    """Small ones and parts alike."""
    with location.open(write=True) as place:
        put(place, b"music/small", b"x")
        put(place, b"music/large", os.urandom(17 << 20))

    sent = [each for each in liar.asked if is_music(each, "PUT")]
    assert len(sent) == 4
    assert all("content-md5" in each.headers for each in sent)


def test_credentials_that_expire_in_mid_run_stop_it_with_the_remedy(location: S3Location, liar: Liar):
    """What was published stands; the next run goes on with new ones."""
    with pytest.raises(Denied, match=r"expired.*Renew"), location.open(write=True) as place:
        assert put(place, b"music/a", b"x").error is None
        liar.lie(lambda asked: refusal(400, "ExpiredToken"))
        put(place, b"music/b", b"y")
    liar.honest()

    with location.open(write=True) as place:
        assert keys(place) == [b"music/a"]


def test_a_busy_server_is_asked_again(location: S3Location, liar: Liar):
    """SlowDown is not a failure."""
    busy = iter([True, True])
    liar.lie(lambda asked: refusal(503, "SlowDown") if is_music(asked, "PUT") and next(busy, False) else None)

    with location.open(write=True) as place:
        assert put(place, b"music/a", b"x").error is None


def test_a_lost_reply_to_an_upload_is_no_conflict_with_ourselves(location: S3Location, liar: Liar):
    """The server has it, the answer broke off, and the second try finds that the name is taken: by us."""
    lost = iter([True])

    def lose(asked: Asked) -> Answer | None:
        if not is_music(asked, "PUT") or not next(lost, False):
            return None
        liar.ask(asked)
        return Answer(200, {}, b"", cut=-1)

    liar.lie(lose)
    with location.open(write=True) as place:
        assert put(place, b"music/a", b"x").error is None
        assert content(place, b"music/a") == b"x"


def test_a_move_whose_removal_failed_is_ended_by_the_next_try(location: S3Location, liar: Liar):
    """The copy that the first try made is ours, and no stranger that took the name."""
    lost = iter([True])

    def lose(asked: Asked) -> Answer | None:
        lose_it = asked.method == "POST" and next(lost, False)
        return refusal(400, "RequestTimeout") if lose_it else None

    with Retrying(location, QUICK).open(write=True) as place:
        for key in (b"music/a", b"music/taken"):
            put(place, key, b"x")
        liar.lie(lose)
        outcomes = list(
            place.move([(Key(b"music/a"), Key(b"music/b")), (Key(b"music/a"), Key(b"music/taken"))])
        )

        assert outcomes[0].error is None
        assert isinstance(outcomes[1].error, Conflict)
        assert keys(place) == [b"music/b", b"music/taken"]


def test_a_move_cut_off_is_ended_at_the_next_opening(location: S3Location, liar: Liar):
    """Only what was copied to its end: a song that stands under one name alone stays, whatever was planned."""
    with pytest.raises(Denied), location.open(write=True) as place:
        for key in (b"music/a", b"music/b", b"music/c"):
            put(place, key, key * 100)
        liar.lie(lambda asked: refusal(403, "AccessDenied") if asked.method == "POST" else None)
        liar.lie(lambda asked: refusal(404, "NoSuchKey") if "/new/c" in asked.path else None)
        list(place.move([(Key(b"music/" + name), Key(b"music/new/" + name)) for name in (b"a", b"c")]))
    liar.honest()

    with location.open(write=True) as place:
        assert keys(place) == [b"music/b", b"music/c", b"music/new/a"]
        assert content(place, b"music/new/a") == b"music/a" * 100
        assert keys(place, b".fonoteca/incoming/") == []


def test_what_answers_but_is_no_s3_is_said_so(liar: Liar):
    """A router's login page."""
    liar.lie(lambda asked: Answer(200, {"Content-Type": "text/html"}, b"<html>Welcome</html>"))

    with pytest.raises(LocationError):
        S3Location("cloud", s3_address(liar.server, "any"), None, limit_s=5).probe()


def test_a_key_may_have_1024_bytes_prefix_and_all_and_no_more(radosgw: S3Server):
    """The limit is the whole name's; a longer path gets a shortened key and comes back from the manifest."""
    location = s3_location(radosgw, *radosgw.prefix())
    room = location.address.room
    longest = b"music/" + b"/".join([b"n" * 200] * 4) + b"/"
    longest += b"m" * (room - len(longest))
    with location.open(write=True) as place:
        assert put(place, longest, b"x").error is None
        assert keys(place) == [longest]
        assert content(place, longest) == b"x"
        with pytest.raises(Conflict, match="longer than"):
            place.stat(Key(longest + b"m"))
        rule = rule_named(place.identity.naming)
        shortened = to_key("music", b"/".join(["é".encode() * 120] * 6), rule)
        assert put(place, shortened, b"y").error is None
        assert len(shortened) <= room


def test_composed_and_decomposed_names_are_two(radosgw: S3Server):
    """NFC and NFD of one word are two files on Linux, and two objects there."""
    rule = rule_named("object/1")
    paths = [unicodedata.normalize(form, "Beyoncé.flac").encode() for form in ("NFC", "NFD")]
    wanted = sorted(to_key("music", path, rule) for path in paths)
    location = s3_location(radosgw, *radosgw.prefix())
    with location.open(write=True) as place:
        for key in wanted:
            put(place, key, key)

        assert keys(place) == wanted
        assert [content(place, key) for key in wanted] == wanted
        assert sorted(to_path(Key(key), rule) or b"" for key in wanted) == sorted(paths)


def test_a_proxy_from_the_environment_is_used(radosgw: S3Server, liar: Liar, monkeypatch: pytest.MonkeyPatch):
    """Some networks have no other way out: the server's name is known to the proxy alone."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{liar.port}")
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{liar.port}")
    hidden = S3Server("http://s3.example.test")
    location = s3_location(hidden, *radosgw.prefix())

    with location.open(write=True) as place:
        assert put(place, b"music/a", b"x").error is None
        assert content(place, b"music/a") == b"x"


def test_a_private_authority_is_believed_when_it_is_named(radosgw: S3Server, tmp_path: Path):
    """A NAS at home has a certificate of its own making."""
    authority, certificate = private_authority(tmp_path)
    bucket, prefix = radosgw.prefix()
    with lying(radosgw, certificate=certificate) as secure:
        with pytest.raises(Denied, match=r"certificate.*ca_file"):
            opened(s3_address(secure.server, bucket, prefix))
        location = s3_location(secure.server, bucket, prefix, ca_file=str(authority))
        with location.open(write=True) as place:
            assert put(place, b"music/a", b"x").error is None


def test_a_server_that_speaks_no_tls_is_no_matter_of_certificates(radosgw: S3Server):
    """`ca_file` would not help."""
    bucket, prefix = radosgw.prefix()
    address = s3_address(radosgw, bucket, prefix)
    assert address.endpoint is not None

    with pytest.raises(Denied, match="does not speak TLS"):
        opened(replace(address, endpoint=address.endpoint.replace("http:", "https:")))


def test_what_speaks_another_protocol_is_not_asked_again(radosgw: S3Server, tmp_path: Path):
    """A port of SSH, say: patience would take minutes, and call it a lost connection."""
    with sshd(tmp_path / "sshd") as other:
        address = replace(s3_address(radosgw, *radosgw.prefix()), endpoint=f"http://127.0.0.1:{other.port}")
        tried: list[float] = []
        patience = Patience(sleep=tried.append)

        with pytest.raises(Denied, match="speaks no HTTP"):
            Retrying(S3Location("cloud", address, None), patience).peek()

        assert tried == []


def test_a_storage_class_that_the_server_does_not_have_is_named(radosgw: S3Server):
    """Not taken for a name that it does not like."""
    location = s3_location(radosgw, *radosgw.prefix(), storage_class="NOSUCH")
    with location.open(write=True) as place, pytest.raises(Denied, match="storage class NOSUCH"):
        put(place, b"music/a", b"x")


def test_a_reset_in_the_middle_of_a_part_costs_that_part(radosgw: S3Server):
    """It is sent again, and the object is whole."""
    data = os.urandom(60 << 20)
    with proxy(radosgw.port) as between:
        location = s3_location(radosgw.through(between.port), *radosgw.prefix(), limit_s=10)
        with location.open(write=True) as place:
            between.cut_often(3, lambda: random.Random(5).randrange(9 << 20, 14 << 20))
            assert put(place, b"music/a", data).error is None
            between.cut_after(None)

            assert between.cuts == 3
            assert content(place, b"music/a") == data
            assert list(place.store.uploads()) == []


def test_a_server_that_falls_silent_is_given_up_in_time(radosgw: S3Server):
    """No call waits for ever."""
    with proxy(radosgw.port) as between:
        location = s3_location(radosgw.through(between.port), *radosgw.prefix(), limit_s=0.3)
        between.stall()
        with pytest.raises(Lost, match=r"in time|broke off"), location.open(write=False):
            pass
        between.resume()


def test_a_server_that_is_not_there_is_away(radosgw: S3Server):
    """Nothing listens."""
    with pytest.raises(Away, match="does not answer"):
        opened(s3_address(S3Server("http://127.0.0.1:9"), "any"))


def test_reading_back_is_said_as_refused_where_a_class_hides_the_bytes(location: S3Location, liar: Liar):
    """An archive class gives nothing back until it is thawed."""
    with location.open(write=True) as place:
        put(place, b"music/a", b"x")
        liar.lie(lambda asked: refusal(403, "InvalidObjectState") if is_music(asked, "GET") else None)
        with pytest.raises(Refused, match="archive class"):
            place.read(Key(b"music/a"))


def test_a_damaged_marker_is_foreign_and_a_missing_one_away(location: S3Location, radosgw: S3Server):
    """Nothing is read as missing while nobody knows what place this is."""
    client, address = radosgw.client(), location.address
    name = f"{address.prefix}/.fonoteca/location.json"
    client.delete_object(Bucket=address.bucket, Key=name)

    with pytest.raises(Away, match="carries no fonoteca marker"), location.open(write=True):
        pass


def test_a_write_that_fails_says_what_was_on_its_way(location: S3Location, liar: Liar):
    """A failure nobody knows is told by the server's own word."""
    with location.open(write=True) as place:
        liar.lie(lambda asked: refusal(418, "ImATeapot") if is_music(asked, "PUT") else None)
        with pytest.raises(Broken, match="ImATeapot"), place.batch() as batch:
            staged = stage(batch, b"music/a", b"x", mtime_ns=MTIME)
            batch.flush()
            list(batch.publish([staged]))


def test_a_refusal_leaves_the_connection_good_for_the_next_request(location: S3Location, liar: Liar):
    """What is not read to its end spoils it: the next upload would be sent twice."""
    with location.open(write=True) as place:
        for number in range(5):
            assert place.stat(Key(b"music/%d" % number)) is None
            liar.asked.clear()
            assert put(place, b"music/%d" % number, b"x" * 100_000).error is None
            assert len([each for each in liar.asked if is_music(each, "PUT")]) == 1
