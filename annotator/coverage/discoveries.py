"""Which absences stand out among all that were judged, at a bounded rate of false claims.

Step-up in the manner of Benjamini and Hochberg, in the form for discrete tests of unequal reach
(Döhler, Durand and Roquain 2018, Electron. J. Statist. 12:1867, their DBH-SU). One outlet and
event has one test with two outcomes: absent, whose p-value is the probability of absence, or
present, which says nothing. A pair that was never likely to be covered can therefore never be
claimed and costs the others nothing, where plain Benjamini-Hochberg would count it.

The strata are the outlets: one that leaves things out does so more than once. Which pairs are
looked at first therefore depends on how much of its *other* events an outlet left out beyond
expectation, never on the pair's own fold of events (cross-weighting: Ignatiadis and Huber 2021,
J. R. Statist. Soc. B 83:720). The order changes what can be found, not the count of what chance
alone would bring.

The bound is proved for independent tests. Ours share events (of a dull one, several outlets that
usually cover stay away) and outlets (their coefficients are estimated): positive dependence, under
which the step-up is known to hold in its plain form (Benjamini and Yekutieli 2001). Their own bound
for any dependence would divide the level by the logarithm of the number of tests, for a dependence
that opposes what news does. ``benchmarks/blindspots.py`` measures what really comes out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from annotator.coverage.null_model import Bools, Floats

FOLDS = 10
LIKELY = 0.1  # pairs below this probability of absence tell of an outlet's omissions
# Before anything is seen an outlet leaves out 1 event of 200, held as firmly as 20 events would.
OMITTED_FIRST, EVENTS_FIRST = 0.1, 20.0
OMITTED_MIN = 1e-4


def omissions(chance: Floats, absent: Bools) -> Floats:
    """How much each outlet left out beyond expectation, told from other folds of events, [O, E].

    ``chance`` [O, E] is the probability of absence, NaN where a pair was not judged.
    """
    folds = np.arange(chance.shape[1]) % FOLDS
    told = np.nan_to_num(chance, nan=1.0) <= LIKELY
    expected = np.where(told, chance, 0.0)
    beyond = np.where(told, (absent - expected) / (1 - expected), 0.0)
    share = np.empty(chance.shape)
    for fold in range(FOLDS):
        others = folds != fold
        omitted = beyond[:, others].sum(axis=1) + OMITTED_FIRST
        seen = told[:, others].sum(axis=1) + EVENTS_FIRST
        share[:, ~others] = np.maximum(omitted / seen, OMITTED_MIN)[:, None]
    return share


def q_values(chance: Floats, absent: Bools, omitted: Floats) -> Floats:
    """The least rate of false claims at which each pair is claimed; 1 for those present.

    All [N]: the probability of absence of every pair judged, what was seen, and the share of events
    that the outlet is held to leave out. Pairs stand in the order of odds of absence by chance to
    that share; claiming the absences among the first of them claims, by chance alone, about the sum
    of p / (1 − p) over all of those first.
    """
    odds = chance / np.maximum(1 - chance, 1e-12)
    score = odds / omitted
    order = np.argsort(score, kind="stable")
    by_chance, claimed = np.cumsum(odds[order]), np.cumsum(absent[order])
    # Pairs of one score stand or fall together: the last of them speaks for all.
    last = np.searchsorted(score[order], score[order], side="right") - 1
    rate = by_chance[last] / np.maximum(claimed[last], 1)
    least: NDArray[np.float64] = np.minimum.accumulate(rate[::-1])[::-1]
    found = np.ones(len(chance))
    found[order] = np.where(absent[order], np.minimum(least, 1), 1)
    return found
