from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from memory_lm.labs import longmem
from memory_lm.labs.longmem_models import (
    RETRIEVED,
    Arm,
    Decoder,
    SideNet,
    adapt,
    induction_mass,
    passages,
    rows_of,
    score,
)
from memory_lm.labs.longmem_tasks import (
    CHANGED,
    CROSS_SEGMENT,
    IN_SEGMENT,
    NEVER,
    NEW,
    World,
)
from memory_lm.labs.report import LabSettings

SMALL = World(entities=10, attributes=10, segments=3, pairs=6)


@pytest.fixture(autouse=True)
def one_thread():
    """As the command runs labs: their small products lose time when shared between threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def backbone():
    torch.manual_seed(0)
    made = Decoder(SMALL.vocabulary, width=16, layers=4, heads=2)
    return made.requires_grad_(False)


def test_each_kind_of_pair_is_what_it_says():
    told = World(entities=12, attributes=12).documents(30, 0, change=0.3)
    counts = torch.bincount(told.kind.flatten(), minlength=4)
    assert (counts > 50).all()
    for tokens, kinds, superseded in zip(
        told.tokens, told.kind, told.superseded_at.flatten(1), strict=True
    ):
        known, seen_in, pairs = {}, {}, []
        for segment in range(8):
            for pair in range(16):
                entity, attribute = tokens[segment, 2 * pair : 2 * pair + 2].tolist()
                kind, here = int(kinds[segment, pair]), seen_in.get(entity) == segment
                assert (entity in known) == (kind != NEW)
                assert here == (kind == IN_SEGMENT)
                if kind in {IN_SEGMENT, CROSS_SEGMENT}:
                    assert known[entity] == attribute
                if kind == CHANGED:
                    assert known[entity] != attribute
                known[entity], seen_in[entity] = attribute, segment
                pairs.append((entity, attribute))
        for i, (entity, attribute) in enumerate(pairs):
            later = (j for j in range(i, 128) if pairs[j][0] == entity and pairs[j][1] != attribute)
            assert superseded[i] == next(later, NEVER)


def test_documents_follow_their_seed_and_change_only_on_request():
    first, again, other = (SMALL.documents(4, seed) for seed in (1, 1, 2))
    assert torch.equal(first.tokens, again.tokens)
    assert not torch.equal(first.tokens, other.tokens)
    assert (first.superseded_at == NEVER).all()
    assert not (first.kind == CHANGED).any()


def test_a_side_layer_starts_as_its_backbone_layer_and_the_backbone_stays(backbone):
    net = SideNet(backbone, Arm(name="x", layer=1))
    torch.testing.assert_close(
        net.blocks[0].reader.query.weight, backbone.blocks[1].reader.query.weight
    )
    torch.testing.assert_close(net.reader.memory_key.weight, backbone.blocks[1].reader.key.weight)
    torch.testing.assert_close(net.blocks[1].mlp[0].weight, backbone.blocks[3].mlp[0].weight)
    before = {name: p.clone() for name, p in backbone.named_parameters()}
    query, steps = net.reader.query.weight.detach().clone(), []
    adapt(backbone, {"x": net}, SMALL.documents(4, 0), lanes=2, rate=1e-2, each=steps.append)
    assert steps == [1, 2, 3, 4]
    assert all(torch.equal(p, before[name]) for name, p in backbone.named_parameters())
    assert not torch.equal(net.reader.query.weight, query)
    with pytest.raises(ValueError, match="layer 2"):
        SideNet(backbone, Arm(name="x", layer=2))


def test_a_lane_reads_its_own_past_and_a_shared_bank_reads_the_others(backbone):
    documents = SMALL.documents(4, 0)
    passage = passages(backbone, documents)[-1]
    other = passages(backbone, SMALL.documents(4, 9))[-1]
    mixed = [torch.cat([a[:1], b[1:]]) for a, b in zip(passage.past, other.past, strict=True)]
    foreign = type(passage)(
        **{name: getattr(passage, name) for name in passage.__slots__} | {"past": mixed}
    )
    for scope, same in (("lane", True), ("batch", False)):
        net = SideNet(backbone, Arm(name="x", layer=1, scope=scope))
        torch.nn.init.constant_(net.reader.memory_logit.bias, 3.0)
        own, moved = (net(p, backbone.token.weight)[0] for p in (passage, foreign))
        assert torch.allclose(own, moved, atol=1e-6) is same


def test_whole_chunks_are_shown_and_superseded_ones_are_not(backbone):
    documents = World(entities=4, attributes=10, segments=3, pairs=12).documents(6, 0, change=0.5)
    passage = passages(backbone, documents)[-1]
    n = torch.randn(6, 24, 16)
    for supersession in (False, True):
        arm = Arm(name="x", layer=1, supersession=supersession, recency=True)
        memory = SideNet(backbone, arm).recall(n, passage)
        shown = memory.shown
        assert shown.shape == (6, 2, 24, 48)
        assert torch.equal(shown[..., ::2], shown[..., 1::2])
        assert shown.sum(-1).max() == RETRIEVED
        assert memory.age_h[0, 0, [0, 23, 24, 47]].tolist() == [48.0, 48.0, 24.0, 24.0]
        now = passage.first + torch.arange(24)[:, None] // 2
        stale = passage.superseded_at[:, None, None, :] < now
        assert bool((shown[..., ::2] & stale).any()) is not supersession


def test_memory_off_reads_nothing_of_the_past(backbone):
    documents = SMALL.documents(4, 0)
    net = SideNet(backbone, Arm(name="x", layer=1))
    torch.nn.init.constant_(net.reader.memory_logit.bias, 3.0)
    passage = passages(backbone, documents)[-1]
    other = passages(backbone, SMALL.documents(4, 9))[-1]
    foreign = type(passage)(
        **{name: getattr(passage, name) for name in passage.__slots__} | {"past": other.past}
    )
    head = backbone.token.weight
    off = [net(p, head, memory=False) for p in (passage, foreign)]
    torch.testing.assert_close(*off)
    assert not torch.allclose(net(passage, head), off[0], atol=1e-4)


def test_the_probe_finds_a_layer_that_was_built_to_induce(backbone):
    documents = SMALL.documents(20, 0)
    plain = induction_mass(backbone, documents)
    assert plain.shape == (4, 2)
    assert ((plain > 0) & (plain < 0.6)).all()
    assert longmem._aligned([0.9, 0.2, 0.95, 0.1]) == (1, 3)


def test_an_untrained_backbone_is_at_chance(backbone):
    seen = score(backbone, None, rows_of(SMALL.documents(60, 3), 0, 60), lanes=20)
    assert seen["cross"] < 0.3
    assert seen["in"] < 0.3


def test_a_lab_that_has_not_learned_misses_its_numbers(monkeypatch):
    tiny = replace(
        longmem.FULL, entities=10, segments=3, width=16, lanes=8, test=16,
        backbone_steps=3, batches=2, shared_batches=1, changed_batches=2,
    )  # fmt: skip
    monkeypatch.setattr(longmem, "FULL", tiny)
    said = []
    report, again = (longmem.run(LabSettings(say=said.append)) for _ in range(2))
    assert report.tables == again.tables
    assert not report.passed
    missed = {check.name for check in report.checks if not check.passed}
    assert {"cross-segment recall", "changing facts: recall with supersession"} <= missed
    assert {check.name for check in report.checks if check.is_control} == {
        "memory off", longmem.WRONG, longmem.SHARED,
    }  # fmt: skip
    assert [row["arm"] for row in report.tables["arms"]] == [
        "backbone only", longmem.JOINT, longmem.WRONG, longmem.GATE, longmem.LLA,
        f"{longmem.JOINT}, memory off", longmem.SHARED,
        longmem.PLAIN, longmem.RECENCY, longmem.SUPERSESSION,
    ]  # fmt: skip
    assert any("step 4 of 4" in line for line in said)
    assert len(longmem.figure(report).axes) == 3
