"""The ablation, its page and the heads' networks on made-up rows, whose truth is known."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sklearn.linear_model  # noqa: F401  # networks are trained in forks, which then have it
import torch._dynamo  # noqa: F401  # as above

from annotator.past import ablate, arms, networks, report
from annotator.past.ablate import GAP_DAYS, SHIPPED, SPLIT, Job, Plan
from annotator.past.networks import Corpora
from annotator.past.replay import Past
from memory_lm.batches import ABSENT, Corpus, Neighbours
from memory_lm.side import QUERIES, Shape
from memory_lm.train import Recipe, Targets

ARTICLES, OTHERS, OUTLETS, CLASSES = 240, 20, 10, 3
OUTPUTS = {"lean": CLASSES, "tone": 1 + CLASSES, "topic": CLASSES, "news_type": CLASSES}
# Enough for the one label that can be learned.
RECIPE = Recipe(
    epochs=2, batch=32, rate=8e-3,
    weights={"lean": 0.1, "tone": 0.1, "topic": 0.1, "news_type": 1.0},
)  # fmt: skip


def made_up(*, remembered: bool) -> Corpora:
    """An article a day and some passages; all spans and labels are random.

    Where ``remembered``, the chunk of the day before yesterday says an article's news type.
    """
    rng = np.random.default_rng(7)
    rows = ARTICLES + OTHERS
    is_article = np.arange(rows) < ARTICLES
    day = np.where(is_article, SPLIT - 2 * ARTICLES // 3 + np.arange(rows), ABSENT)
    classes = {q: rng.integers(CLASSES, size=rows) for q in QUERIES}
    classes["tone"][:ARTICLES] = ABSENT
    for query in ("lean", "topic", "news_type"):
        classes[query][ARTICLES:] = ABSENT
    values = rng.standard_normal((rows, 4, 384)).astype(np.float16)
    if remembered:
        code = 8 * rng.standard_normal((CLASSES, 384))
        values[: ARTICLES - 2] = code[classes["news_type"][2:ARTICLES], None]
    past = Past.empty(rows)
    past.day[:] = day
    past.event[:] = np.arange(rows) // 2
    past.found[2:ARTICLES, 0] = np.arange(ARTICLES - 2)
    past.age_h[2:ARTICLES, 0] = 48
    past.same_event[2:ARTICLES, 0] = 4
    outlet = rng.integers(OUTLETS, size=rows)
    first = np.arange(rows + 1)
    return Corpora(
        corpus=Corpus(
            spans=rng.standard_normal((2 * rows, 4, 384)).astype(np.float16), first=2 * first
        ),
        targets=Targets(
            classes=classes, valence=np.full(rows, np.nan), weights=dict.fromkeys(QUERIES, np.ones(rows))
        ),
        past=past,
        near=Neighbours(
            keys=rng.standard_normal((rows, 384)).astype(np.float16), values=values,
            found=past.found, age_h=past.age_h, rank=past.rank, same_event=past.same_event,
            same_outlet=past.same_outlet,
            states={"delta": past.delta, "hebbian": past.hebbian},
        ),
        fold=outlet % ablate.FOLDS, outlet=outlet, judged=is_article.copy(), is_article=is_article,
        shelf=arms.Shelf.of(past, first, outlet), outputs=OUTPUTS,
        fingerprint=f"made up, {remembered}", cache=None,
    )  # fmt: skip


def planned(*protocols: ablate.Protocol) -> Plan:
    return Plan(
        recipe=RECIPE,
        seeds=dict.fromkeys(protocols, 1),
        variants=[SHIPPED],
        variants_in=protocols[-1],
        resamples=400,
    )


@pytest.fixture(scope="module")
def data() -> Corpora:
    return made_up(remembered=True)


@pytest.fixture(scope="module")
def told() -> list[tuple[int, int]]:
    return []


@pytest.fixture(scope="module")
def result(data: Corpora, told: list[tuple[int, int]]) -> dict[str, Any]:
    plan = planned("outlets and time")
    return ablate.ablate(data, plan, lambda done, of: told.append((done, of)))


def test_the_gate_opens_for_what_only_memory_tells_and_for_nothing_else(
    result: dict[str, Any],
) -> None:
    assert result["gates"] == {"lean": False, "tone": False, "topic": False, "news_type": True}
    for found in result["protocols"].values():
        f1 = found["labels"]["news_type"]["macro_f1"]
        assert list(f1) == list(arms.ARMS)
        # Random chunks hold classes too, but those of other articles.
        assert max(f1["M0"], f1["M1"]) < 0.6 < 0.8 < f1["M5"]


def test_no_gate_opens_where_memory_tells_nothing() -> None:
    found = ablate.ablate(made_up(remembered=False), planned("outlets"), lambda *_: None)
    assert not any(found["gates"].values())


def test_every_network_is_told_of_and_every_article_judged_once(
    data: Corpora, result: dict[str, Any], told: list[tuple[int, int]]
) -> None:
    assert told == [(i, 5) for i in range(1, 6)]
    assert result["networks"] == 5
    time = result["protocols"]["outlets and time"]
    late = int((data.past.day >= SPLIT + GAP_DAYS).sum())
    for label in ablate.MEASURED:
        assert time["labels"][label]["articles"] == late
        assert time["labels"][label]["events"] == -(-late // 2)
    assert set(time["labels"]["lean"]["gain"]) == {"events", "outlets"}
    assert json.loads(json.dumps(result)) == result


def test_the_page_names_every_label_and_arm(result: dict[str, Any]) -> None:
    page = report.page(result | {"cores": 2})
    for arm, what in arms.ARMS.items():
        assert f"| {arm} | {what} |" in page
    for label in ("lean", "topic, 32 classes", "news type"):
        assert f"| {label} | events |" in page
    assert "Open: news_type. Shut: lean, tone, topic." in page
    assert all(f"- {what}: {why}." in page for what, why in ablate.NOT_MEASURABLE.items())
    shut = report.page(result | {"cores": 2, "gates": dict.fromkeys(QUERIES, False)})
    assert "Open: none." in shut


def test_the_figure_draws_each_label(result: dict[str, Any]) -> None:
    drawn = report.figure(result)
    assert [axis.get_title() for axis in drawn.axes] == list(report.COLUMNS.values())
    # Points, the interval of M5, and the line at zero.
    assert [len(axis.lines) for axis in drawn.axes] == [3, 3, 3]
    drawn.canvas.draw()


@pytest.mark.parametrize("protocol", ["outlets", "outlets and time"])
def test_no_outlet_and_no_day_is_on_both_sides_of_a_split(
    data: Corpora, protocol: ablate.Protocol
) -> None:
    day, judged = data.past.day.copy(), data.judged.copy()
    day[::17], judged[::17], judged[::13] = ABSENT, False, False
    some = replace(data, past=replace(data.past, day=day), judged=judged)
    seen: list[int] = []
    for fold in range(ablate.FOLDS):
        train, test = ablate.split(some, Job(protocol, SHIPPED, 0, fold))
        assert len(train)
        assert len(test)
        assert not set(some.outlet[train]) & set(some.outlet[test])
        assert some.judged[test].all()
        assert some.is_article[test].all()
        others = np.flatnonzero(~some.is_article & (some.fold != fold))
        assert set(others) <= set(train)
        if protocol == "outlets and time":
            days = day[train[some.is_article[train]]]
            assert (days != ABSENT).all()
            assert day[test].min() - days.max() > GAP_DAYS
        seen += test.tolist()
    late = judged & (day >= SPLIT + GAP_DAYS) if protocol == "outlets and time" else judged
    assert sorted(seen) == np.flatnonzero(late).tolist()


def test_a_plan_trains_the_shipped_reader_on_every_seed_and_fold_and_the_others_once() -> None:
    plan = Plan(recipe=RECIPE, seeds={"outlets": 1, "outlets and time": 3})
    wanted = list(ablate.jobs(plan))
    shipped = {(job.protocol, job.seed, job.fold) for job in wanted if job.variant == SHIPPED}
    assert len(shipped) == ablate.FOLDS * (1 + 3)
    others = [job for job in wanted if job.variant != SHIPPED]
    assert {job.variant for job in others} == set(ablate.VARIANTS) - {SHIPPED}
    assert {(job.protocol, job.seed) for job in others} == {(plan.variants_in, 0)}
    assert len(others) == plan.variants_folds * (len(ablate.VARIANTS) - 1)
    assert len(set(wanted)) == len(wanted)


@pytest.mark.parametrize(
    ("lows", "is_open"),
    [
        ([{"events": 0.01}, {"events": 0.02}], True),
        ([{"events": 0.01}, {"events": 0.0}], False),
        ([{"events": 0.01, "outlets": -0.01}, {"events": 0.02}], False),
        ([{"events": 0.01}, None], False),
        ([], False),
    ],
)
def test_a_gate_needs_every_interval_of_every_protocol(
    lows: list[dict[str, float] | None], is_open: bool
) -> None:
    def protocol(low: dict[str, float] | None) -> dict[str, Any]:
        if low is None:
            return {"labels": {}}
        return {"labels": {"lean": {"gain": {unit: {"low": x} for unit, x in low.items()}}}}

    found = ablate.gates({i: protocol(low) for i, low in enumerate(lows)})
    assert found == {"lean": is_open, "tone": False, "topic": False, "news_type": False}


def test_a_network_that_ships_reads_held_out_rows_unseen_and_only_through_open_gates(
    data: Corpora, monkeypatch: pytest.MonkeyPatch
) -> None:
    fold = np.where(np.arange(len(data.fold)) < ARTICLES, data.fold, ABSENT)
    first = replace(data, fold=fold)
    classes = {
        q: np.where(fold == 0, (x + 1) % CLASSES, x) for q, x in data.targets.classes.items()
    }
    other = replace(first, targets=replace(data.targets, classes=classes))
    monkeypatch.setattr(networks, "RECIPE", Recipe(epochs=1))
    monkeypatch.setattr(networks, "GATES", ())
    shut = networks.read(first)
    monkeypatch.setattr(networks, "GATES", ("news_type",))
    ajar = networks.read(other)
    out, held = fold == 0, (fold != 0) & (fold != ABSENT)
    # Fold 0 was judged by a network that never saw its labels.
    assert np.array_equal(shut.outputs["topic"][out], ajar.outputs["topic"][out])
    assert not np.isclose(shut.outputs["topic"][held], ajar.outputs["topic"][held]).all(1).any()
    # The same network, but now news type is told what the article remembers.
    moved = ~np.isclose(shut.outputs["news_type"], ajar.outputs["news_type"]).all(1)
    assert (moved[out] == (data.near.found[out] != ABSENT).any(1)).all()
    for query in QUERIES:
        assert not shut.outputs[query][fold == ABSENT].any()
        assert shut.outputs[query][fold != ABSENT].any(1).all()
    assert shut.network.shape.outputs == OUTPUTS
    assert not shut.network.training
    assert shut.cpu_s > 0


def test_a_network_is_trained_once_for_the_same_rows_shape_recipe_and_corpora(
    data: Corpora, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted: list[int] = []
    real = networks.fit

    def counted(*args: Any) -> Any:
        fitted.append(1)
        return real(*args)

    monkeypatch.setattr(networks, "fit", counted)
    kept, shape, recipe = replace(data, cache=tmp_path), Shape(outputs=OUTPUTS), Recipe(epochs=1)
    rows = np.arange(40)
    first, cpu_s = networks.trained(kept, rows, shape, recipe)
    again, told_s = networks.trained(kept, rows, shape, recipe)
    assert len(fitted) == 1
    assert told_s == cpu_s > 0
    assert not again.training
    for name, array in first.arrays().items():
        np.testing.assert_array_equal(array, again.arrays()[name])
    for made_of in (
        (kept, rows[1:], shape, recipe),
        (kept, rows, replace(shape, fusion="gate"), recipe),
        (kept, rows, shape, replace(recipe, seed=1)),
        (replace(kept, fingerprint="of other labels"), rows, shape, recipe),
        (data, rows, shape, recipe),
    ):
        networks.trained(*made_of)
    assert len(fitted) == 6
