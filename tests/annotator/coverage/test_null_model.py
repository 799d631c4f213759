"""Expectations against the rates that made-up counts were drawn from, and where little is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from annotator.coverage import null_model

OUTLETS, EVENTS = 8, 400


@pytest.fixture(scope="module")
def drawn():
    """Design [O, E, 2], carried or not, and the true probability of nothing."""
    chance = np.random.default_rng(3)
    size = chance.normal(0, 1, EVENTS)
    design = np.stack(np.broadcast_arrays(np.ones((OUTLETS, EVENTS)), size), axis=2)
    own = chance.normal([0.5, 1.5], [0.6, 0.3], (OUTLETS, 2))
    rate = np.exp(np.einsum("oep,op->oe", design, own))
    counts = chance.poisson(rate * chance.gamma(2, 1 / 2, rate.shape))
    return design, counts > 0, (1 + rate / 2) ** -2


def test_expectations_come_near_the_rates(drawn) -> None:
    design, present, truth = drawn
    chance = null_model.absent(null_model.fit(design, present, np.ones(present.shape)), design)
    assert np.abs(chance - truth).mean() < 0.03
    likely = chance < 0.1
    assert chance[likely].sum() == pytest.approx((~present)[likely].sum(), rel=0.25)


def test_an_unknown_outlet_is_judged_by_the_others_and_less_surely(drawn) -> None:
    design, present, _ = drawn
    weight = np.ones(present.shape)
    weight[0] = 0.0
    fitted = null_model.fit(design, present, weight)
    great = np.broadcast_to([1.0, 2.5], (OUTLETS, 1, 2))
    chance = null_model.absent(fitted, great)[:, 0]
    sure = replace(fitted, covariance=np.zeros_like(fitted.covariance))
    assert (chance / null_model.absent(sure, great)[:, 0]).argmax() == 0
    assert np.allclose(fitted.mean[0], fitted.mean[1:].mean(axis=0), atol=0.1)
    assert np.trace(fitted.covariance[0]) > np.trace(fitted.covariance[1])


def test_what_is_not_known_does_not_count(drawn) -> None:
    design, present, _ = drawn
    weight = np.ones(present.shape)
    weight[:, 200:] = 0.0
    other = present.copy()
    other[:, 200:] = ~present[:, 200:]
    one, two = (null_model.fit(design, seen, weight) for seen in (present, other))
    assert np.array_equal(one.mean, two.mean)


@pytest.mark.parametrize("always", [True, False])
def test_an_outlet_without_variance_is_never_certain(drawn, always: bool) -> None:
    design, present, _ = drawn
    same = present.copy()
    same[0] = always
    chance = null_model.absent(null_model.fit(design, same, np.ones(same.shape)), design)
    assert np.isfinite(chance).all()
    assert ((chance > 0) & (chance < 1)).all()
    assert chance[0].mean() < 0.05 if always else chance[0].mean() > 0.95
