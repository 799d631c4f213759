from __future__ import annotations

import pytest
import torch

from memory_lm.hebbian import (
    AssociativeMemory,
    gated_delta_write,
    hebbian_write,
    read,
    separate,
)
from newsroom.errors import BadRequest

RULES = ("hebbian", "delta", "additive")


def draw(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def memory(rule: str, **options: object) -> AssociativeMemory:
    torch.manual_seed(0)
    return AssociativeMemory(7, 6, rule=rule, **options).double()


def test_hebbian_write_is_the_papers_formula_unit_by_unit() -> None:
    state, key, value = draw(2, 3, 4).abs(), draw(2, 3, seed=1), draw(2, 4, seed=2)
    got = hebbian_write(state, key, value, gain=0.2, decay=0.1, ceiling=1.5)
    for n in range(2):
        for i in range(3):
            for j in range(4):
                w, k, v = state[n, i, j], key[n, i], value[n, j]
                expected = w + 0.2 * (1.5 - w) * k * v - 0.1 * w * k**2
                torch.testing.assert_close(got[n, i, j], expected)


def test_delta_write_is_its_formula_and_reduces_to_the_hebbian_sum() -> None:
    state, key, value = draw(2, 3, 4), draw(2, 3, seed=1), draw(2, 4, seed=2)
    for n in range(2):
        kept, wrote = 0.9 * state[n], 0.5 * torch.outer(key[n], value[n])
        held = 0.5 * torch.outer(key[n], key[n] @ state[n])
        rows = slice(n, n + 1)
        delta, plain = (
            gated_delta_write(
                state[rows], key[rows], value[rows], retention=0.9, rate=0.5, corrected=corrected
            )[0]
            for corrected in (True, False)
        )
        torch.testing.assert_close(delta, kept + wrote - held)
        torch.testing.assert_close(plain, kept + wrote)


def test_the_delta_rule_overwrites_where_the_sum_piles_up() -> None:
    key = separate(draw(1, 8))
    old, new = draw(1, 5, seed=1), draw(1, 5, seed=2)
    states = {}
    for corrected in (True, False):
        state = torch.zeros(1, 8, 5, dtype=torch.float64)
        for value in (old, new):
            state = gated_delta_write(
                state, key, value, retention=1.0, rate=1.0, corrected=corrected
            )
        states[corrected] = read(state, key)
    torch.testing.assert_close(states[True], new)
    torch.testing.assert_close(states[False], old + new)


def test_a_separated_key_is_sparse_of_unit_length_or_zero() -> None:
    keys = separate(draw(50, 64), active=8)
    assert ((keys > 0).sum(dim=1) <= 8).all()
    torch.testing.assert_close(keys.norm(dim=1), torch.ones(50, dtype=torch.float64))
    assert not separate(-torch.ones(1, 4)).any()


@pytest.mark.parametrize("reads_first", [False, True])
@pytest.mark.parametrize("rule", RULES)
def test_skipped_items_leave_no_trace(rule: str, reads_first: bool) -> None:
    net = memory(rule, read_before_write=reads_first)
    items, kept = draw(3, 5, 7), torch.tensor([[1, 0, 1, 1, 0]] * 3, dtype=torch.bool)
    dense = net.write(net.empty(3), items[:, [0, 2, 3]])
    torch.testing.assert_close(net.write(net.empty(3), items, kept), dense)


@pytest.mark.parametrize("reads_first", [False, True])
@pytest.mark.parametrize("rule", RULES)
def test_writing_in_two_parts_equals_writing_at_once(rule: str, reads_first: bool) -> None:
    net, items = memory(rule, read_before_write=reads_first), draw(2, 6, 7)
    parts = net.write(net.write(net.empty(2), items[:, :2]), items[:, 2:])
    torch.testing.assert_close(net.write(net.empty(2), items), parts)


@pytest.mark.parametrize("rule", RULES)
def test_rows_do_not_see_one_another(rule: str) -> None:
    net, items, question = memory(rule, hops=3), draw(4, 5, 7), draw(4, 7, seed=3)
    together = net.read(net.write(net.empty(4), items), question)
    alone = net.read(net.write(net.empty(1), items[2:3]), question[2:3])
    torch.testing.assert_close(together[2:3], alone)
    assert together.abs().sum() > 0


def test_only_read_before_write_lets_a_value_depend_on_the_past() -> None:
    first, other, last = draw(1, 1, 7, seed=1), draw(1, 1, 7, seed=2), draw(1, 1, 7, seed=3)
    for reads_first in (False, True):
        net = memory("additive", read_before_write=reads_first)
        gains = []
        for past in (first, other):
            before = net.write(net.empty(1), past)
            retention = torch.sigmoid(net.to_gates(last))[..., :1]
            gains.append(net.write(before, last) - retention * before)
        assert torch.allclose(*gains) is not reads_first


def test_hops_ask_with_what_was_recalled() -> None:
    net = memory("hebbian", hops=2)
    state, question = net.write(net.empty(1), draw(1, 4, 7)), draw(1, 7, seed=5)
    answer = question.new_zeros(1, 6)
    for _ in range(2):
        key = torch.relu(net.to_question(torch.cat((question, answer), dim=1)))
        answer = key @ state[0]
    torch.testing.assert_close(net.read(state, question), answer)
    assert not net.read(net.empty(1), question).any()


@pytest.mark.parametrize("rule", RULES)
def test_gradients_reach_every_weight(rule: str) -> None:
    net = memory(rule, hops=2, read_before_write=True)
    net.read(net.write(net.empty(3), draw(3, 5, 7)), draw(3, 7, seed=4)).square().sum().backward()
    for name, weight in net.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name
        assert weight.grad.any(), name


def test_an_event_state_starts_by_keeping_and_takes_16_kb() -> None:
    net = AssociativeMemory(384)
    state = net.empty(1)
    assert state.numel() * state.element_size() == 16_384
    retention, rate = torch.sigmoid(net.to_gates(torch.randn(1, 384)))[0].tolist()
    assert retention > 0.99
    assert 0.8 < rate < 1


@pytest.mark.parametrize(
    "options", [{"rule": "oja"}, {"hops": 0}, {"size": 0}, {"active": 0}, {"active": 65}]
)
def test_a_memory_that_cannot_be_is_refused(options: dict[str, object]) -> None:
    with pytest.raises(BadRequest):
        AssociativeMemory(8, **options)


def test_a_state_of_another_shape_is_refused() -> None:
    net = AssociativeMemory(8, 4)
    for state in (torch.zeros(1, 8, 8), torch.zeros(2, 4, 4)):
        with pytest.raises(BadRequest):
            net.write(state, torch.zeros(1, 3, 8))
        with pytest.raises(BadRequest):
            net.read(state, torch.zeros(1, 8))
