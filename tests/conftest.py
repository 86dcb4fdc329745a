"""What all tests share."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest
from hypothesis import settings

from fonoteca.audio import worker
from support.rgw import S3Server, shared_rgw

# A test says what is right, never how fast that must be: on a busy machine any example may take long.
settings.register_profile("fonoteca", deadline=None)
settings.load_profile("fonoteca")

# Hundreds of tests have tags read. The processes that do it are forked from one that has loaded what they need;
# commands that tests start, and the tests of the worker itself, spawn them as a person's run does.
worker.START_METHOD = "forkserver"
multiprocessing.set_forkserver_preload(["pebble", "fonoteca.audio.task"])


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
