"""What all tests share."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

# A test says what is right, never how fast that must be: on a busy machine any example may take long.
settings.register_profile("fonoteca", deadline=None)
settings.load_profile("fonoteca")


@pytest.fixture(scope="session", autouse=True)
def audio_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where generated audio is encoded once a session; the processes of pytest-xdist share it."""
    from support.audio import use_cache

    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if base.name.startswith("popen-") else base) / "audio-cache"
    use_cache(folder)
    return folder
