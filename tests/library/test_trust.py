"""Stats of files on a file system that is mounted inside a library."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from fonoteca.core.entry import RACY_NETWORK_NS, RACY_NS
from fonoteca.disk.mounts import file_system
from fonoteca.library import trust as trusting
from fonoteca.library.trust import Trust
from support.archives import Home


def test_each_file_system_is_asked_once_and_speaks_for_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A NAS mounted at `Music/Shared` has another clock than the disk around it."""
    own = file_system(os.fsencode(tmp_path))
    nas = replace(own, type="cifs", is_network=True)
    asked = []

    def look(path: bytes):
        asked.append(path)
        return nas if path.endswith(b"/shared/a") else own

    monkeypatch.setattr(trusting, "file_system", look)
    trust = Trust(b"/music")

    assert (RACY_NS, True) == (trust.racy_ns(1, b"b"), trust.ctime(1, b"c"))
    assert (RACY_NETWORK_NS, False) == (trust.racy_ns(2, b"shared/a"), trust.ctime(2, b"shared/d"))
    assert [b"/music/b", b"/music/shared/a"] == asked


def test_a_scan_trusts_stats_as_far_as_their_own_file_system_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thirty seconds old is long settled on a disk, and not yet on a network mount."""
    home = Home(tmp_path)
    home.write("a.jpg", b"x")
    monkeypatch.setattr(trusting, "RACY_NS", -(10**10))
    home.scan()
    assert [(1,)] == home.ask("SELECT trusted FROM entries")
    real = trusting.file_system
    monkeypatch.setattr(trusting, "file_system", lambda path: replace(real(path), is_network=True))
    home.write("b.jpg", b"y")
    home.scan()

    assert [(1,), (0,)] == home.ask("SELECT trusted FROM entries ORDER BY name")
