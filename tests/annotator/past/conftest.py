from __future__ import annotations

from collections.abc import Iterator

import pytest

from memory_lm.backbone import Backbone


@pytest.fixture(scope="module")
def backbone() -> Iterator[Backbone]:
    """The real one, read from the disk once."""
    found = Backbone.load()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Backbone, "load", staticmethod(lambda: found))
        yield found
