"""The shipped network's file: what was saved comes back, and what cannot be used is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from memory_lm import labels
from memory_lm.backbone import WIDTH
from memory_lm.side import QUERIES, Shape, SideNetwork
from memory_lm.spans import PARTS
from newsroom.errors import Misconfigured

SHAPE = Shape(
    outputs={"lean": 3, "tone": 4, "topic": 5, "news_type": 2},
    reader="softmax", fusion="gate", dropout=0.1,
)  # fmt: skip
ABOUT = {"vectors": "v1", "masking": "m1"}


def network(seed: int = 0) -> SideNetwork:
    torch.manual_seed(seed)
    return SideNetwork(SHAPE)


def saved(path: Path, seed: int = 0) -> Path:
    labels.save(network(seed), ABOUT, ["topic", "news_type"], path)
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return saved(tmp_path / "side.safetensors")


def rewritten(
    path: Path,
    tensors: Callable[[dict[str, torch.Tensor]], Any] = lambda _: None,
    **told: str | None,
) -> None:
    """The file with other tensors or metadata; None takes an entry out."""
    with safe_open(path, framework="pt") as opened:
        about = {**opened.metadata(), **told}
    held = load_file(path)
    tensors(held)
    save_file(held, path, metadata={k: v for k, v in about.items() if v is not None})


def refusal(path: Path, vectors: str = "v1") -> str:
    with pytest.raises(Misconfigured) as caught:
        labels.load(vectors, path)
    assert path.name in str(caught.value)
    return caught.value.code


def test_what_was_saved_comes_back(file: Path) -> None:
    found = labels.load("v1", file)
    assert found.terms.queries == ("topic", "news_type")
    assert (found.terms.age, found.terms.links, found.terms.state) == (True, True, None)
    assert (found.vectors, found.masking) == ("v1", "m1")
    assert found.network.shape == SHAPE
    assert not found.network.training
    before, after = network().state_dict(), found.network.state_dict()
    assert before.keys() == after.keys()
    for name, weight in before.items():
        assert after[name].dtype == torch.float32
        torch.testing.assert_close(after[name], weight.half().float(), atol=0, rtol=0)


def test_a_network_labels_the_same_from_its_file(file: Path) -> None:
    spans, present = torch.randn(2, 3, PARTS, WIDTH), torch.ones(2, 3, dtype=torch.bool)
    with torch.no_grad():
        before = network().eval()(spans, present)
        after = labels.load("v1", file).network(spans, present)
    for query in QUERIES:
        torch.testing.assert_close(after[query], before[query], atol=0.01, rtol=0.01)
        assert after[query].std() > 0.1


def test_the_digest_is_of_the_weights_and_the_gates(file: Path, tmp_path: Path) -> None:
    found = labels.load("v1", file).digest
    assert found == labels.load("v1", saved(tmp_path / "again")).digest
    assert found != labels.load("v1", saved(tmp_path / "other", seed=1)).digest
    labels.save(network(), ABOUT, [], tmp_path / "shut")
    assert found != labels.load("v1", tmp_path / "shut").digest


def test_gates_may_all_be_shut(tmp_path: Path) -> None:
    path = tmp_path / "shut"
    labels.save(network(), ABOUT, [], path)
    assert labels.load("v1", path).terms.queries == ()


def test_a_file_of_other_vectors_is_refused(file: Path) -> None:
    assert refusal(file, "v2") == "side-other-vectors"


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "nowhere.safetensors") == "side-broken"
    assert refusal(tmp_path) == "side-broken"


@pytest.mark.parametrize("kept", [0.0, 1e-5, 0.5, 0.999])
def test_a_truncated_file_is_refused(file: Path, kept: float) -> None:
    whole = file.read_bytes()
    file.write_bytes(whole[: int(kept * len(whole))])
    assert refusal(file) == "side-broken"


@pytest.mark.parametrize("broken", [float("nan"), float("inf")])
def test_a_weight_that_is_not_finite_is_refused(file: Path, broken: float) -> None:
    rewritten(file, lambda held: held["heads.lean.bias"].fill_(broken))
    assert refusal(file) == "side-broken"


def test_a_weight_too_large_for_the_file_is_refused_when_it_is_read(tmp_path: Path) -> None:
    large = network()
    large.heads["lean"].bias.data.fill_(1e6)
    labels.save(large, ABOUT, [], tmp_path / "large")
    assert refusal(tmp_path / "large") == "side-broken"


@pytest.mark.parametrize("gates", ['["sport"]', '["lean", "sport"]', '"lean"', "[[]]", "3", "{"])
def test_gates_of_unknown_queries_are_refused(file: Path, gates: str) -> None:
    rewritten(file, gates=gates)
    assert refusal(file) == "side-broken"


@pytest.mark.parametrize("entry", ["vectors", "masking", "gates", "shape"])
def test_a_file_that_does_not_say_what_it_is_for_is_refused(file: Path, entry: str) -> None:
    rewritten(file, **{entry: None})
    assert refusal(file) == "side-broken"


@pytest.mark.parametrize(
    "change",
    [
        {"outputs": {"lean": 4, "tone": 4, "topic": 5, "news_type": 2}},
        {"outputs": {"lean": 3}},
        {"reader": "lla", "fusion": "joint"},
        {"reader": "oracle"},
        {"dropout": 2.0},
        {"depth": 3},
    ],
)
def test_a_shape_that_the_weights_do_not_have_is_refused(
    file: Path, change: dict[str, object]
) -> None:
    told = {"outputs": dict(SHAPE.outputs), "reader": "softmax", "fusion": "gate", "dropout": 0.1}
    rewritten(file, shape=json.dumps({**told, **change}))
    assert refusal(file) == "side-broken"


def test_missing_and_unknown_weights_are_refused(file: Path) -> None:
    whole = file.read_bytes()
    rewritten(file, lambda held: held.pop("queries"))
    assert refusal(file) == "side-broken"
    file.write_bytes(whole)
    rewritten(file, lambda held: held.update(more=torch.ones(2)))
    assert refusal(file) == "side-broken"


def test_rewriting_alone_breaks_nothing(file: Path) -> None:
    """The negative control of the refusals: the tests' own hand does not make a file broken."""
    rewritten(file)
    assert labels.load("v1", file).masking == "m1"
