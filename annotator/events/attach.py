"""After linking, articles that are left alone join the event they almost fit.

What is as central as the rest was joined by linking; what tells of an event only in passing is not
like all of its articles. So a leftover may fall short of what two groups need by ``Level.attach``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from annotator.events.linkage import Groups, needed, rivals

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from annotator.events.linkage import Level, Pairs
    from annotator.events.signature import Signatures

    Ints = NDArray[np.int64]


def attach(signatures: Signatures, pairs: Pairs, label: Ints, level: Level) -> Ints:
    """The same labels [n], with leftovers in the group they are most alike to, if enough.

    ``pairs`` are candidate pairs of groups, in any order. A leftover decides by the groups as
    linking left them, so that no order matters.
    """
    groups = Groups(signatures, label, level)
    one, other = np.concatenate(pairs), np.concatenate(pairs[::-1])
    alone = (groups.size[one] == 1) & (groups.size[other] > 1)
    one, other = one[alone], other[alone]
    need = np.full(len(groups.size), np.inf)
    need[label] = needed(rivals(signatures.day, level), level) - level.attach
    score = groups.likeness(one, other)
    fits = (score >= need[one]) & groups.spans(one, other)
    one, other, score = one[fits], other[fits], score[fits]
    # The last to be written is the best, and of equals the first group.
    order = np.lexsort((-other, score))
    home = np.arange(len(groups.size))
    home[one[order]] = other[order]
    return home[label]
