"""A person whose bucket is left in the middle of a change: the next run ends it."""

from __future__ import annotations

import os
from pathlib import Path

from support.lying import Answer, Asked, lying, refusal
from support.rgw import S3Server
from support.stories import Person


def test_a_move_cut_off_between_copy_and_removal_is_ended_by_the_next_run(tmp_path: Path, radosgw: S3Server):
    """S3 renames nothing: for a moment a song stands under both names, and must never stand under none."""
    ana = Person(tmp_path)
    songs = {f"old name/{number}.pdf": os.urandom(50_000) for number in range(3)}
    for name, data in songs.items():
        ana.puts(name, data)
    bucket = radosgw.bucket()
    with lying(radosgw) as liar:
        url = liar.server.place(tmp_path, bucket, "ana")
        first = ana.types("protect", ana.music, "--to", url)
        (ana.music / "old name").rename(ana.music / "new name")
        copied: list[str] = []

        def cut(asked: Asked) -> Answer | None:
            if asked.method == "PUT" and "/new%20name/" in asked.path:
                copied.append(asked.path)
            return refusal(403, "AccessDenied") if copied and asked.method == "POST" else None

        liar.lie(cut)
        broken = ana.types("backup")
        both = keys(radosgw, bucket)
        liar.honest()
        second = ana.types("backup")
        verified = ana.types("verify")

    assert (first.code, len(copied)) == (0, 3), first.err
    assert broken.code != 0
    assert len(both) == 6
    assert second.code == 0, second.out + second.err
    assert keys(radosgw, bucket) == sorted(f"ana/Music/new name/{number}.pdf" for number in range(3))
    assert verified.code == 0, verified.out + verified.err


def keys(server: S3Server, bucket: str) -> list[str]:
    """Music that stands there."""
    found = server.client().list_objects_v2(Bucket=bucket, Prefix="ana/Music/").get("Contents", [])
    return sorted(each["Key"] for each in found)
