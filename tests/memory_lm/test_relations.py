from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from memory_lm import link, relations, spans, supersede
from memory_lm.backbone import Backbone
from memory_lm.labs import interference_bank as lab
from memory_lm.labs.interference_events import event_stream
from memory_lm.link import LinkHead, Rarity
from memory_lm.pair_fit import Sample, calibrated, fit
from memory_lm.supersede import PairHead
from newsroom.errors import BadRequest, Misconfigured

ABOUT = {"vectors": "v1", "seed": "0"}


def head(features: int, classes: int) -> PairHead:
    rng = np.random.default_rng(0)

    def drawn(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape).astype(np.float32)

    return PairHead(
        mean=drawn(features), scale=np.abs(drawn(features)) + 1, inner=drawn(features, 5),
        inner_bias=drawn(5), outer=drawn(5, classes), outer_bias=drawn(classes), temperature=1.3,
    )  # fmt: skip


def rewritten(path, metadata=None, **changed) -> None:
    with safe_open(path, framework="numpy") as file:
        held = {name: file.get_tensor(name) for name in file.keys()} | changed  # noqa: SIM118
        told = file.metadata() | (metadata or {})
    save_file({k: v for k, v in held.items() if v is not None}, path, metadata=told)


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "relations.safetensors"
    relations.save(head(len(supersede.FEATURES), len(supersede.RELATIONS)), ABOUT, path)
    return path


@pytest.fixture
def saved_link(tmp_path):
    path = tmp_path / "link.safetensors"
    rarity = Rarity(documents=100, count={"storm": 30, "élan": 21}, least=20)
    pair = head(len(link.FEATURES), 2)
    relations.save_link(LinkHead(pair=pair, rarity=rarity, threshold=0.55), ABOUT, path)
    return path


def test_a_saved_head_judges_as_before(saved, saved_link) -> None:
    made = head(len(supersede.FEATURES), len(supersede.RELATIONS))
    rows = np.random.default_rng(1).standard_normal((20, len(supersede.FEATURES)), np.float32)
    read = relations.load("v1", saved)
    np.testing.assert_array_equal(read.probabilities(rows), made.probabilities(rows))
    pointer = relations.load_link("v1", saved_link)
    assert pointer.threshold == 0.55
    assert pointer.rarity.count == {"storm": 30, "élan": 21}
    assert (pointer.rarity.documents, pointer.rarity.least) == (100, 20)
    assert relations.about(saved)["seed"] == "0"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (
            {"inner": np.full((len(supersede.FEATURES), 5), np.nan, np.float32)},
            "memory-head-broken",
        ),
        ({"outer_bias": np.array([np.inf] * 5, np.float32)}, "memory-head-broken"),
        ({"outer": None}, "memory-head-broken"),
        ({"mean": np.zeros(3, np.float32)}, "memory-head-broken"),
        ({"scale": np.zeros(len(supersede.FEATURES), np.float32)}, "memory-head-broken"),
        ({"temperature": np.array([0.0])}, "memory-head-broken"),
        ({"metadata": {"vectors": "v2"}}, "memory-head-other-vectors"),
        ({"metadata": {"features": '["cosine"]'}}, "memory-head-other-features"),
        ({"metadata": {"classes": '["same"]'}}, "memory-head-other-features"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(saved, change, code) -> None:
    rewritten(saved, **change)
    with pytest.raises(Misconfigured) as refused:
        relations.load("v1", saved)
    assert refused.value.code == code
    assert saved.name in refused.value.message


@pytest.mark.parametrize(
    "change",
    [
        {"threshold": np.array([1.0])},
        {"threshold": np.array([np.nan])},
        {"counts": np.array([1], np.int32)},
        {"words": np.array([255, 254], np.uint8)},
        {"documents": np.array([0, 20], np.int32)},
    ],
)
def test_a_broken_pointer_is_refused(saved_link, change) -> None:
    rewritten(saved_link, **change)
    with pytest.raises(Misconfigured) as refused:
        relations.load_link("v1", saved_link)
    assert refused.value.code == "memory-head-broken"


def test_a_cut_or_missing_file_is_refused(saved, tmp_path) -> None:
    saved.write_bytes(saved.read_bytes()[:200])
    for path in (saved, tmp_path / "none.safetensors"):
        with pytest.raises(Misconfigured) as refused:
            relations.load("v1", path)
        assert refused.value.code == "memory-head-broken"


def test_the_shipped_heads_fit_the_shipped_encoder_and_tell_the_latest_state() -> None:
    backbone = Backbone.load()
    version = spans.version(backbone)
    pointer, pair = relations.load_link(version), relations.load(version)
    assert 0.1 < pointer.threshold < 0.9
    assert relations.LINK_PATH.stat().st_size + relations.RELATIONS_PATH.stat().st_size < 1_000_000
    stream = event_stream(7, lab.VERSION, updates=6, places=6)
    vectors = lab.embedded(backbone.embed, lab.event_texts(stream))
    score = lab.event_score(stream, vectors, pair)
    assert score.cited >= 0.9
    assert score.without_order <= 0.5


def sample(seed: int) -> Sample:
    rng = np.random.default_rng(seed)
    labels = rng.integers(3, size=600)
    rows = rng.standard_normal((600, 3)).astype(np.float32)
    rows[np.arange(600), labels] += 3
    return Sample.even(rows, labels)


def test_a_head_is_learned_repeats_and_is_calibrated() -> None:
    test = sample(1)
    made = calibrated(fit(sample(0), seed=0, steps=150), sample(2))
    chances = made.probabilities(test.rows)
    right = chances.argmax(axis=1) == test.labels
    assert right.mean() > 0.9
    assert abs(chances.max(axis=1).mean() - right.mean()) < 0.03
    np.testing.assert_array_equal(fit(sample(0), seed=0, steps=150).inner, made.inner)


def test_weightless_pairs_teach_nothing() -> None:
    right = sample(0)
    wrong = replace(right, labels=2 - right.labels, weight=np.zeros(600, np.float32))
    made = fit(Sample.joined([right, wrong]), seed=0, steps=150)
    test = sample(1)
    assert (made.logits(test.rows).argmax(axis=1) == test.labels).mean() > 0.9


def test_a_feature_that_is_not_finite_is_refused() -> None:
    broken = sample(0)
    broken.rows[3, 1] = np.nan
    with pytest.raises(BadRequest) as refused:
        fit(broken, seed=0)
    assert refused.value.code == "pair-features-broken"
