"""The state of one event: what it answers after its chunks were written, one after the other."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
import torch

from memory_lm import event_state as module
from memory_lm.backbone import WIDTH
from memory_lm.event_state import RECORDS_READ, UNITS, StateRule, event_state, recalled

RULES: tuple[StateRule, ...] = get_args(StateRule)


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def unit(keys: np.ndarray) -> np.ndarray:
    found: np.ndarray = keys / np.linalg.norm(keys, axis=-1, keepdims=True)
    return found


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float((one * other).sum() / np.linalg.norm(one) / np.linalg.norm(other))


def told_of_one_key(rule: StateRule, versions: int = 3) -> list[float]:
    """Cosines of the answer with each value that one key was given, oldest first."""
    key, values = unit(normal(1, WIDTH)), normal(versions, WIDTH, seed=1)
    state = event_state(np.repeat(key, versions, axis=0), values, rule)
    [answer] = recalled(state, key)
    return [cosine(answer, value) for value in values]


def test_under_the_delta_rule_the_newest_value_of_a_key_replaces_the_others() -> None:
    *old, new = told_of_one_key("delta")
    assert new > 0.999
    assert max(np.abs(old)) < 0.2


def test_under_the_hebbian_rule_the_newest_value_stands_out() -> None:
    *old, new = told_of_one_key("hebbian")
    assert new > max(old) + 0.15


def test_with_the_papers_gain_old_and_new_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control of the test above: the newest of three does not win."""
    monkeypatch.setattr(module, "GAIN", 0.01)
    *old, new = told_of_one_key("hebbian")
    assert new < max(old) + 0.02


@pytest.mark.parametrize("rule", RULES)
def test_keys_that_differ_keep_their_own_values(rule: StateRule) -> None:
    keys, values = unit(normal(4, WIDTH)), normal(4, WIDTH, seed=1)
    answers = recalled(event_state(keys, values, rule), keys)
    likeness = unit(answers) @ unit(values).T
    assert (likeness.argmax(axis=1) == np.arange(4)).all()
    assert likeness.diagonal().min() > 0.5
    assert (answers < 0).any()


@pytest.mark.parametrize("rule", RULES)
def test_the_order_of_chunks_matters(rule: StateRule) -> None:
    key = unit(normal(1, WIDTH))
    keys, values = np.repeat(key, 2, axis=0), normal(2, WIDTH, seed=1)
    forth, back = (
        recalled(event_state(keys, v, rule), key)[0] for v in (values, np.flipud(values).copy())
    )
    assert cosine(forth, values[1]) > cosine(forth, values[0]) + 0.1
    assert cosine(back, values[0]) > cosine(back, values[1]) + 0.1


@pytest.mark.parametrize("rule", RULES)
def test_only_the_last_64_chunks_count(rule: StateRule) -> None:
    keys, values = unit(normal(RECORDS_READ + 8, WIDTH)), normal(RECORDS_READ + 8, WIDTH, seed=1)
    assert RECORDS_READ == 64
    whole = event_state(keys, values, rule)
    np.testing.assert_array_equal(whole, event_state(keys[-64:], values[-64:], rule))
    for at, counts in ((-65, False), (-64, True)):
        other = values.copy()
        other[at] = normal(WIDTH, seed=2)
        assert (event_state(keys, other, rule) != whole).any() == counts


@pytest.mark.parametrize("rule", RULES)
def test_any_process_makes_the_same_state_whatever_was_drawn_before(rule: StateRule) -> None:
    keys, values = unit(normal(5, WIDTH)), normal(5, WIDTH, seed=1)
    states = []
    for seed in (1, 2):
        module._projection.cache_clear()
        torch.manual_seed(seed)
        drawn = torch.random.get_rng_state()
        states.append(event_state(keys, values, rule))
        assert torch.equal(torch.random.get_rng_state(), drawn)
    np.testing.assert_array_equal(*states)
    assert states[0].shape == (UNITS, 2 * WIDTH)
    assert states[0].dtype == np.float32
    assert np.isfinite(states[0]).all()


@pytest.mark.parametrize("rule", RULES)
def test_an_event_of_which_nothing_is_written_answers_zero(rule: StateRule) -> None:
    nothing = np.zeros((0, WIDTH), np.float32)
    state = event_state(nothing, nothing, rule)
    assert not state.any()
    answers = recalled(state, unit(normal(3, WIDTH)))
    assert answers.shape == (3, WIDTH)
    assert not answers.any()
    assert recalled(state, nothing).shape == (0, WIDTH)


@pytest.mark.parametrize("rule", RULES)
def test_each_chunk_of_the_reader_is_answered_alone(rule: StateRule) -> None:
    keys, values = unit(normal(6, WIDTH)), normal(6, WIDTH, seed=1)
    state, asked = event_state(keys, values, rule), unit(normal(4, WIDTH, seed=2))
    together = recalled(state, asked)
    alone = np.concatenate([recalled(state, asked[i : i + 1]) for i in range(4)])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    assert together.any()


def test_as_many_values_as_keys() -> None:
    with pytest.raises(ValueError, match="zip"):
        event_state(unit(normal(3, WIDTH)), normal(2, WIDTH), "delta")
