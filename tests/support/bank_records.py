"""Made-up records of a memory bank, told apart by their number and the day they appeared."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from memory_lm.bank import AsOf, Bank, Record

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = AsOf(time=NOON + timedelta(days=999), sequence=10**6)
WIDTH = 4


def record(i: int, day: float = 0.0, **changes) -> Record:
    made = Record(
        record_id=i, article_id=f"a{i}", part=0, event_id="e", publisher_id="p",
        published_at=NOON + timedelta(days=day), known_at=NOON + timedelta(days=day, hours=1),
        sequence=i, backbone_version="v1", text=f"claim {i}",
    )  # fmt: skip
    return replace(made, **changes)


def key(i: int) -> np.ndarray:
    return np.random.default_rng(i).standard_normal(WIDTH).astype(np.float32)


def bank_of(*records: Record) -> Bank:
    bank = Bank("v1", WIDTH)
    for item in records:
        bank.append([item], key(item.record_id)[None])
    return bank
