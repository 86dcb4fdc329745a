"""What all tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.rgw import S3Server, shared_rgw


@pytest.fixture(scope="session", autouse=True)
def audio_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where generated audio is encoded once a session; the processes of pytest-xdist share it."""
    from support.audio import use_cache

    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if base.name.startswith("popen-") else base) / "audio-cache"
    use_cache(folder)
    return folder


@pytest.fixture(scope="session")
def radosgw(tmp_path_factory: pytest.TempPathFactory) -> S3Server:
    """A real S3: one for the session and all its workers, started when it is first asked for."""
    return shared_rgw(tmp_path_factory)
