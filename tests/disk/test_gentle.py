"""Giving memory back, so that whoever rests for hours does so in little of it."""

from __future__ import annotations

import gc
import weakref

from fonoteca.disk.gentle import be_small, be_smallest


class Pool:
    """Something that points at itself, as buffers and their pool do."""

    def __init__(self) -> None:
        self.own = self


def test_what_points_at_itself_goes_too():
    """Reference counts never free it; a daemon would rest with what its work needed."""
    gc.disable()
    try:
        left = weakref.ref(Pool())
        be_small()
        assert left() is not None
        be_smallest()
        assert left() is None
    finally:
        gc.enable()
