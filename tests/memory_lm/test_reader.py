from __future__ import annotations

import math

import pytest
import torch

from memory_lm.reader import SPANS_MAX, Memory, MemoryReader
from newsroom.errors import Misconfigured

WIDTH, HEADS, WIDE = 16, 2, 24
NAMES = ("lla", "softmax", "linear")


def reader(seed=0, **given):
    torch.manual_seed(seed)
    return MemoryReader(WIDTH, HEADS, memory_width=WIDE, **given).double()


def inputs(spans=6, rows=3, queries=5, local=7):
    torch.manual_seed(1)

    def normal(*sizes):
        return torch.randn(*sizes, dtype=torch.float64)

    return (
        normal(rows, queries, WIDTH), normal(rows, local, WIDTH), normal(rows, spans, WIDE),
        torch.zeros(1, dtype=torch.float64),
    )  # fmt: skip


def by_hand(net, x, local, spans, bias):
    """Softmax over local and memory items together, one head at a time."""
    answer = []
    d = WIDTH // HEADS
    for h in range(HEADS):
        part = slice(h * d, (h + 1) * d)
        q, k = net.query(x)[..., part], net.key(local)[..., part]
        k = torch.cat([k, net.memory_key(spans)[..., part]], 1)
        v = torch.cat([net.value(local), net.memory_value(spans)], 1)[..., part]
        score = q @ k.mT / math.sqrt(d)
        score[..., local.shape[1] :] += bias[:, h]
        answer.append(score.softmax(-1) @ v)
    return net.out(torch.cat(answer, -1))


def test_local_and_memory_share_one_normalisation_with_all_biases():
    net = reader(mixer="softmax")
    x, local, spans, none = inputs()
    net.memory_logit.weight.data.normal_()
    age, rank = torch.rand(3, 1, 6).double() * 100, torch.randint(0, 4, (3, 1, 6))
    same = torch.randn(3, 1, 6).double()
    memory = Memory(keys=spans, values=spans, age_h=age, rank=rank, same_event=same)
    bias = net.memory_logit(x).mT[..., None]
    for sign, by_head, term in (
        (-1, torch.nn.functional.softplus(net.age_cost), torch.log1p(age / 6)),
        (-1, torch.nn.functional.softplus(net.rank_cost), rank),
        (1, net.event_gain, same),
    ):
        bias = bias + sign * by_head[:, None, None] * term[:, None]
    expected = by_hand(net, x, local, spans, bias)
    torch.testing.assert_close(net(x, local, memory, local_bias=none), expected)


@pytest.mark.parametrize("mixer", NAMES)
@pytest.mark.parametrize("fusion", ["joint", "gate"])
def test_memory_that_is_not_shown_is_as_good_as_none(mixer, fusion):
    net = reader(mixer=mixer, fusion=fusion)
    x, local, spans, none = inputs()
    alone = net(x, local, local_bias=none)
    hidden = Memory(keys=spans, values=spans, shown=torch.zeros(1, 1, 1, 1, dtype=torch.bool))
    torch.testing.assert_close(net(x, local, hidden, local_bias=none), alone)
    seen = net(x, local, Memory(keys=spans, values=spans), local_bias=none)
    assert not torch.allclose(seen, alone, atol=1e-3)


@pytest.mark.parametrize("mixer", NAMES)
@pytest.mark.parametrize("fusion", ["joint", "gate"])
def test_a_hidden_span_changes_nothing_and_a_shown_one_does(mixer, fusion):
    net = reader(mixer=mixer, fusion=fusion)
    x, local, spans, none = inputs()
    shown = torch.ones(3, 1, 5, 6, dtype=torch.bool)
    shown[:, :, 0, 2] = False
    other = spans.clone()
    other[:, 2] += 3.0
    first, second = (
        net(x, local, Memory(keys=s, values=s, shown=shown), local_bias=none)
        for s in (spans, other)
    )
    torch.testing.assert_close(first[:, 0], second[:, 0])
    assert not torch.allclose(first[:, 1:], second[:, 1:], atol=1e-3)


@pytest.mark.parametrize("mixer", NAMES)
def test_every_reader_trains_all_it_was_given(mixer):
    net = reader(mixer=mixer)
    x, local, spans, none = inputs()
    memory = Memory(
        keys=spans, values=spans, age_h=torch.rand(3, 5, 6).double() * 50,
        rank=torch.arange(6)[None, None], same_event=torch.randn(3, 1, 6).double(),
    )  # fmt: skip
    net(x, local, memory, local_bias=none).square().sum().backward()
    for name, parameter in net.named_parameters():
        if name == "ridge" and mixer != "lla":
            assert parameter.grad is None
        else:
            assert parameter.grad is not None, name
            assert parameter.grad.isfinite().all(), name
            assert parameter.grad.any(), name


def test_memory_starts_nearly_closed_and_a_logit_shuts_it():
    net = reader(mixer="softmax")
    x, local, spans, none = inputs(spans=7)
    memory = Memory(keys=torch.zeros_like(spans), values=spans)
    assert (net.bias(x, memory) == -2).all()
    torch.nn.init.constant_(net.memory_logit.bias, -1e4)
    shut = net(x, local, memory, local_bias=none)
    torch.testing.assert_close(shut, net(x, local, local_bias=none))


def test_half_lives_of_the_heads_are_spread_from_hours_to_months():
    net = MemoryReader(WIDTH, 4, memory_width=WIDE).double()
    age = torch.tensor([6.0, 48.0, 336.0, 2160.0]).double()[None, None]
    spans = torch.zeros(1, 4, WIDE).double()
    net.memory_logit.bias.data.zero_()
    bias = net.bias(torch.zeros(1, 1, WIDTH).double(), Memory(keys=spans, values=spans, age_h=age))
    torch.testing.assert_close(bias[0, :, 0].exp().diagonal(), torch.full((4,), 0.5).double())


def test_a_static_gate_starts_half_open_and_mixes_two_reads():
    net = reader(mixer="softmax", fusion="gate")
    x, local, spans, none = inputs()
    memory = Memory(keys=spans, values=spans)
    half = net(x, local, memory, local_bias=none)
    net.gate.data.fill_(-50.0)
    shut = net(x, local, memory, local_bias=none)
    net.gate.data.fill_(50.0)
    wide = net(x, local, memory, local_bias=none)
    torch.testing.assert_close(half, (shut + wide) / 2)
    torch.testing.assert_close(shut, net(x, local, local_bias=none))


def test_at_most_128_spans_are_read_however_many_are_held():
    net = reader(mixer="softmax")
    x, local, spans, none = inputs(spans=SPANS_MAX + 10)
    net(x, local, Memory(keys=spans[:, :SPANS_MAX], values=spans[:, :SPANS_MAX]), local_bias=none)
    with pytest.raises(ValueError, match="138 spans"):
        net(x, local, Memory(keys=spans, values=spans), local_bias=none)
    shown = torch.ones(1, 1, 1, SPANS_MAX + 10, dtype=torch.bool)
    shown[..., :10] = False
    read = net(x, local, Memory(keys=spans, values=spans, shown=shown), local_bias=none)
    fewer = Memory(keys=spans[:, 10:], values=spans[:, 10:])
    torch.testing.assert_close(read, net(x, local, fewer, local_bias=none))


def test_affinity_is_the_score_that_the_read_uses():
    net = reader(mixer="softmax")
    x, _, spans, _ = inputs()
    score = net.affinity(x, spans)
    assert score.shape == (3, HEADS, 5, 6)
    d = WIDTH // HEADS
    torch.testing.assert_close(
        score[:, 1], net.query(x)[..., d:] @ net.memory_key(spans)[..., d:].mT
    )


@pytest.mark.parametrize("given", [{"mixer": "delta"}, {"fusion": "sum"}])
def test_an_unknown_reader_is_named(given):
    with pytest.raises(Misconfigured) as caught:
        MemoryReader(WIDTH, HEADS, **given)
    assert caught.value.code == "reader-unknown"
    assert next(iter(given.values())) in caught.value.message


def test_a_reader_made_without_memory_refuses_it():
    net = MemoryReader(WIDTH, HEADS).double()
    x, local, spans, none = inputs()
    assert net(x, local, local_bias=none).shape == x.shape
    with pytest.raises(ValueError, match="memory_width"):
        net(x, local, Memory(keys=spans, values=spans), local_bias=none)
