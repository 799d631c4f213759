"""Claims against what is true of made-up coverage, beside a detector that knows no statistics."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np

from annotator.coverage.blindspots import Judged, Rules, judge
from annotator.coverage.discoveries import omissions, q_values
from annotator.coverage.made_up import World
from annotator.coverage.null_model import Bools
from newsroom.absences import BLINDSPOT, OPEN

# Bins of the power: other outlets that carried the event, as a share of all; articles to expect.
SHARES: Final = (0.0, 0.5, 0.75, 0.9, 1.01)
RATES: Final = (0.0, 1.0, 3.0, 10.0, 30.0, np.inf)
CHANCES: Final = (0.0, 0.002, 0.005, 0.01, 0.03, 0.1, 0.3, 1.01)  # of absence, as given


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One detector on one corpus: its claims, the false ones, those in a gap; found of planted."""

    claims: int
    false: int
    in_gap: int
    found: int
    planted: int

    @property
    def false_share(self) -> float:
        """Share of claims that are false; none is 0."""
        return self.false / max(self.claims, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One corpus: our detector, "absent is a blindspot", and one who knows every rate.

    The last (``all_knowing``) runs our step-up on the true probabilities: what could be found.
    ``by_share`` and ``by_rate`` are (found, planted) by the bins of ``SHARES`` and ``RATES``;
    ``calibration`` is (pairs, expected absences, absences) of pairs where nothing was planted, by
    ``CHANCES``.
    """

    ours: Score
    naive: Score
    all_knowing: Score
    by_share: tuple[tuple[int, int], ...]
    by_rate: tuple[tuple[int, int], ...]
    calibration: tuple[tuple[int, float, int], ...]


def trial(world: World, rules: Rules) -> Trial:
    """Judge one made-up corpus."""
    corpus = world.corpus
    judged = judge(corpus, since=world.since, now=world.now, rules=rules)
    absent, planted, ended = corpus.articles == 0, _planted(world, judged), _ended(judged)
    claims = judged.verdict == BLINDSPOT
    present = corpus.articles > 0
    others = present.sum(axis=0) - present
    naive = absent & ended & (others >= rules.others_min)
    judged_here = np.isfinite(judged.absent)
    share = others / (len(corpus.outlets) - 1)
    untouched = judged_here & (world.left_out == 0)
    return Trial(
        ours=_score(claims, planted, world),
        naive=_score(naive, planted, world),
        all_knowing=_score(_knowing(world, judged_here, rules), planted, world),
        by_share=tuple(
            _found(claims, planted & judged_here & (share >= low) & (share < high))
            for low, high in pairwise(SHARES)
        ),
        by_rate=tuple(
            _found(claims, planted & judged_here & (world.rate >= low) & (world.rate < high))
            for low, high in pairwise(RATES)
        ),
        calibration=tuple(
            (int(pairs.sum()), float(judged.absent[pairs].sum()), int(absent[pairs].sum()))
            for pairs in (
                untouched & (judged.absent >= low) & (judged.absent < high)
                for low, high in pairwise(CHANCES)
            )
        ),
    )


def _knowing(world: World, judged: Bools, rules: Rules) -> Bools:
    absent = world.corpus.articles == 0
    chance = np.where(judged, np.minimum(world.absent, 1 - 1e-9), np.nan)
    q = np.ones(chance.shape)
    omitted = omissions(chance, absent)
    q[judged] = q_values(chance[judged], absent[judged], omitted[judged])
    claims: Bools = absent & (q <= rules.level)
    return claims


def untold(world: World, rules: Rules) -> Score:
    """Our detector where nobody tells it of gaps: every silence is taken for a crawled day's."""
    corpus = replace(world.corpus, crawled=np.ones_like(world.corpus.crawled))
    judged = judge(corpus, since=world.since, now=world.now, rules=rules)
    return _score(judged.verdict == BLINDSPOT, _planted(world, judged), world)


def _ended(judged: Judged) -> Bools:
    ended: Bools = (judged.verdict != "") & (judged.verdict != OPEN)
    return ended


def _planted(world: World, judged: Judged) -> Bools:
    planted: Bools = (world.corpus.articles == 0) & (world.left_out > 0) & _ended(judged)
    return planted


def _score(claims: Bools, planted: Bools, world: World) -> Score:
    return Score(
        claims=int(claims.sum()),
        false=int((claims & ~planted).sum()),
        in_gap=int((claims & world.in_gap).sum()),
        found=int((claims & planted).sum()),
        planted=int(planted.sum()),
    )


def _found(claims: Bools, planted: Bools) -> tuple[int, int]:
    return int((claims & planted).sum()), int(planted.sum())
