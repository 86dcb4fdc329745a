"""Which module reads which family."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

import pytest

from fonoteca.audio.sound.read import _MODULES, FAMILIES
from fonoteca.core.sound import Soundness
from support.sounding import sound_of


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_each_family_has_a_module_that_reads(family: str) -> None:
    """A word without a module would fail at the first file of its kind."""
    name = f"fonoteca.audio.sound.{_MODULES[family]}"

    assert find_spec(name) is not None
    assert callable(import_module(name).read)


@pytest.mark.parametrize("family", ["matroska", "caf", "tak", "optimfrog", "midi", "what"])
def test_a_family_without_a_module_has_no_payload_and_a_reason(family: str) -> None:
    """Honestly none."""
    sound = sound_of(b"whatever", family)

    assert (Soundness.NO_CHECK, None) == (sound.check.soundness, sound.payload)
    assert family in (sound.reason or "")
