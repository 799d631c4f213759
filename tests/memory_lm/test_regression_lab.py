from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from kernels.mixers import MIXERS
from memory_lm.labs import regression
from memory_lm.labs.regression_models import Regression, Tracking, compare
from memory_lm.labs.regression_tasks import normalised_error, piecewise, settled, swaps
from memory_lm.labs.report import LabSettings

TINY = replace(
    regression.QUICK,
    keys=64,
    widths=((8, 32),),
    regression=Regression(segments=2, segment_keys=8, batch=4, steps=3),
    tracking=Tracking(places=3, swaps=3, width=16, batch=8, steps=3),
    evaluated=16,
)


@pytest.fixture(autouse=True)
def one_thread():
    """As the command runs labs: their small products lose time when shared between threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


SIZES = {"batch": 200, "segments": 3, "segment_keys": 20, "width": 5, "values": 2}


def test_a_segment_is_one_affine_map_and_another_is_another():
    keys, values = piecewise(generator(), **SIZES)
    assert keys.shape == (200, 60, 5)
    assert float(values.var()) == pytest.approx(1, abs=0.1)
    one = torch.cat([keys, torch.ones(200, 60, 1)], -1).double()
    within = one[:, :20] @ torch.linalg.lstsq(one[:, :10], values[:, :10].double()).solution
    torch.testing.assert_close(within, values[:, :20].double(), rtol=1e-3, atol=1e-3)
    across = one[:, 20:40] @ torch.linalg.lstsq(one[:, :20], values[:, :20].double()).solution
    assert normalised_error(across, values[:, 20:40], torch.ones(20, dtype=torch.bool)) > 1


def test_segments_live_apart():
    keys, _ = piecewise(generator(), **SIZES | {"width": 16})
    by_segment = keys.unflatten(1, (3, 20))
    within = (by_segment - by_segment.mean(2, keepdim=True)).norm(dim=-1).mean()
    between = (by_segment[:, 0].mean(1) - by_segment[:, 1].mean(1)).norm(dim=-1).mean()
    assert between > 2 * within


def test_shuffling_keeps_a_segments_values_and_breaks_their_relation():
    keys, values = piecewise(generator(3), **SIZES)
    same_keys, shuffled = piecewise(generator(3), **SIZES, shuffled=True)
    assert torch.equal(keys, same_keys)
    assert not torch.equal(values, shuffled)
    by_segment = (v.unflatten(1, (3, 20)) for v in (values, shuffled))
    assert torch.equal(*(v.sort(2).values for v in by_segment))


def test_the_second_half_of_each_segment_is_settled():
    assert settled(2, 4).tolist() == [False, False, True, True] * 2
    assert settled(1, 5).tolist() == [False, False, True, True, True]


def test_the_mean_has_error_one_and_the_truth_none():
    truth = torch.randn(4, 50, 3, generator=generator())
    at = torch.arange(50) > 10
    mean = truth[:, at].mean().expand_as(truth)
    assert normalised_error(mean, truth, at) == pytest.approx(1, abs=0.01)
    assert normalised_error(truth, truth, at) == 0


def test_swaps_are_carried_out():
    told, standing = swaps(generator(), batch=7, steps=9, places=4)
    pairs = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    for row in range(7):
        state = [0, 1, 2, 3]
        for step in range(9):
            a, b = pairs[told[row, step]]
            state[a], state[b] = state[b], state[a]
            assert standing[row, step].tolist() == state


def test_shuffled_swaps_tell_the_same_instructions_in_another_order():
    told, standing = swaps(generator(), batch=50, steps=9, places=4)
    other, same = swaps(generator(), batch=50, steps=9, places=4, shuffled=True)
    assert torch.equal(standing, same)
    assert torch.equal(told.sort(1).values, other.sort(1).values)
    assert not torch.equal(told, other)


@pytest.mark.parametrize("mixer", list(MIXERS))
def test_the_regressor_sees_pairs_before_its_row_only(mixer):
    task = Regression(segments=2, segment_keys=6)
    model = task.model(mixer)
    keys, values = piecewise(generator(), batch=2, segments=2, segment_keys=6, width=4, values=4)
    before = model(keys, values)
    changed = values.clone()
    changed[:, 7:] += 5.0
    after = model(keys, changed)
    # Row r of the output predicts pair r + 1 from pairs 0..r.
    torch.testing.assert_close(after[:, :7], before[:, :7], rtol=1e-4, atol=1e-4)
    assert (after[:, 7:] - before[:, 7:]).abs().amax() > 1e-3


@pytest.mark.parametrize("mixer", list(MIXERS))
def test_the_tracker_does_not_see_what_it_will_be_told(mixer):
    model = Tracking().model(mixer)
    told, _ = swaps(generator(), batch=4, steps=8, places=4)
    changed = told.clone()
    changed[:, 5:] = (changed[:, 5:] + 1) % 6
    before, after = model(told), model(changed)
    torch.testing.assert_close(after[:, :5], before[:, :5], rtol=1e-4, atol=1e-4)
    assert (after[:, 5:] - before[:, 5:]).abs().amax() > 1e-3


def test_lla_leads_where_slopes_differ_by_segment_and_nowhere_when_shuffled():
    sizes = {"sequences": 1, "segments": 4, "segment_keys": 64, "width": 8}
    chosen = {
        "lla": "scale 8, ridge 0.001", "softmax": "scale 8", "linear": "gain 4",
        "delta": "ridge 0.1", "ridge": "ridge 0.001",
    }  # fmt: skip
    grid = regression.methods()
    error = {name: regression.fit_error(grid[name][at], 0, **sizes) for name, at in chosen.items()}
    assert min(error, key=error.get) == "lla"
    assert error["lla"] < 0.35 * sorted(error.values())[1]
    for name, at in chosen.items():
        assert regression.fit_error(grid[name][at], 0, **sizes, shuffled=True) > 0.75


def test_training_brings_the_loss_down():
    task = Regression(segments=2, segment_keys=8, batch=8, steps=40)
    common = {"rates": (1e-2,), "seeds": [0], "evaluated": 64, "better": min, "say": lambda _: None}
    trained, _ = compare(task, **common)
    untrained, _ = compare(replace(task, steps=3), **common)
    for after, before in zip(trained, untrained, strict=True):
        assert after["score"] < before["score"], after["mixer"]


def test_the_rate_is_chosen_by_result():
    task = Tracking(places=3, swaps=2, width=16, batch=8, steps=15)
    rows, _ = compare(
        task, rates=(1e-9, 1e-2), seeds=[0], evaluated=64, better=max, say=lambda _: None
    )
    assert {row["rate"] for row in rows} == {1e-2}


def test_a_run_has_seeds_controls_tables_and_a_figure(monkeypatch):
    monkeypatch.setattr(regression, "QUICK", TINY)
    said: list[str] = []
    report = regression.run(LabSettings(quick=True, seed=5, say=said.append))
    assert report.seeds == (5,)
    assert {len(rows) for rows in report.tables.values()} >= {5, 4}
    assert sum(check.is_control for check in report.checks) == 3
    # Three steps teach nothing: the lab must say so.
    assert not report.passed
    assert any("lla" in line for line in said)
    figure = regression.figure(report)
    assert len(figure.axes) == 3
    assert all(axis.get_legend() for axis in figure.axes)


def test_the_same_seed_gives_the_same_numbers(monkeypatch):
    monkeypatch.setattr(regression, "QUICK", TINY)
    first, second = (regression.run(LabSettings(quick=True)) for _ in range(2))
    assert [c.value for c in first.checks] == [c.value for c in second.checks]
