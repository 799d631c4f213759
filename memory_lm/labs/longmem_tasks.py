"""Documents for the LONGMEM lab: entities with attributes that are mentioned again and changed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

NEW, IN_SEGMENT, CROSS_SEGMENT, CHANGED = range(4)
NEVER = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """N documents of S segments of T / 2 pairs: an entity token, then its attribute's.

    kind: of each pair, [N, S, T / 2]: NEW and CHANGED cannot be foreseen, IN_SEGMENT was last told
    in the same segment, CROSS_SEGMENT in an earlier one. superseded_at: the number, counted through
    the document, of the pair that gave the entity another attribute, or NEVER.
    """

    tokens: Tensor  # [N, S, T], attributes after entities
    kind: Tensor
    superseded_at: Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Sizes of documents, and how often an entity of an earlier or of the same segment returns."""

    entities: int = 48
    attributes: int = 48
    segments: int = 8
    pairs: int = 16
    cross_share: float = 0.35
    in_share: float = 0.30

    @property
    def vocabulary(self) -> int:
        """Entities, then attributes."""
        return self.entities + self.attributes

    def documents(self, count: int, seed: int, *, change: float = 0.0) -> Documents:
        """Seeded; `change` is the share of cross-segment returns that give a new attribute.

        Where no entity of the drawn kind is left, another kind is told.
        """
        rng = np.random.default_rng(seed)
        rows, length = np.arange(count), self.segments * self.pairs
        attribute = np.zeros((count, self.entities), dtype=np.int64)
        last_seen = np.full((count, self.entities), -1)
        told, given, kinds = (np.zeros((count, length), dtype=np.int64) for _ in range(3))
        superseded = np.full((count, length), NEVER)
        for i in range(length):
            segment = i // self.pairs
            here = last_seen == segment
            can = np.stack([last_seen < 0, here, (last_seen >= 0) & ~here])
            luck = rng.random(count)
            kind = np.where(luck < self.cross_share + self.in_share, IN_SEGMENT, NEW)
            kind = np.where(luck < self.cross_share, CROSS_SEGMENT, kind)
            for other in (NEW, CROSS_SEGMENT, IN_SEGMENT):
                kind = np.where(can[kind, rows].any(1), kind, other)
            entity = (rng.random((count, self.entities)) * can[kind, rows]).argmax(1)
            changed = (kind == CROSS_SEGMENT) & (rng.random(count) < change)
            kind = np.where(changed, CHANGED, kind)
            fresh = rng.integers(self.attributes, size=count)
            shifted = attribute[rows, entity] + rng.integers(1, self.attributes, size=count)
            value = np.where(kind == NEW, fresh, attribute[rows, entity])
            value = np.where(changed, shifted % self.attributes, value)
            old = (told[:, :i] == entity[:, None]) & (superseded[:, :i] == NEVER)
            superseded[:, :i][old & changed[:, None]] = i
            attribute[rows, entity], last_seen[rows, entity] = value, segment
            told[:, i], given[:, i], kinds[:, i] = entity, value, kind
        shape = (count, self.segments, self.pairs)
        tokens = np.stack([told, given + self.entities], -1).reshape(*shape[:2], 2 * self.pairs)
        return Documents(
            tokens=torch.from_numpy(tokens),
            kind=torch.from_numpy(kinds.reshape(shape)),
            superseded_at=torch.from_numpy(superseded.reshape(shape)),
        )
