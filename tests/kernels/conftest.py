"""Kernels are run by Triton's interpreter; tests/conftest.py chooses it."""

from __future__ import annotations

import pytest
import torch


@pytest.fixture(autouse=True)
def seeded() -> None:
    """The tolerances are tight: every run sees the same numbers."""
    torch.manual_seed(0)


@pytest.fixture
def poisoned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fresh memory full of NaN (or a huge number): reading what was never written shows."""

    def poison(make):
        def made(*args, **options):
            fresh = make(*args, **options)
            return fresh.fill_(torch.nan if fresh.is_floating_point() else 2**30)

        return made

    for owner, name in (
        (torch, "empty"),
        (torch, "empty_like"),
        (torch.Tensor, "new_empty"),
    ):
        monkeypatch.setattr(owner, name, poison(getattr(owner, name)))
