from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from annotator.links.data import Article
from annotator.links.pairs import chunk_pairs
from annotator.links.replay import REAL, decide, replay
from memory_lm.labs.report import code_digest
from memory_lm.link import FEATURES, LinkHead, Rarity
from memory_lm.supersede import FEATURES as PAIR_FEATURES
from memory_lm.supersede import PairHead

RARITY = Rarity(documents=100, count={}, least=20)
RESULT = Path(__file__).resolve().parents[2] / "benchmarks/results/memory/links.json"


def article(
    i: int, event: str, *weights: float, text: str = "news", day: float = np.nan
) -> Article:
    keys = np.zeros((1, 384), np.float32)
    keys[0, : len(weights)] = weights
    return Article(
        article_id=f"a{i}", event=event, title="", body=text, texts=(text,),
        keys=keys / np.linalg.norm(keys), day=day, fold=0,
    )  # fmt: skip


def by_cosine(even: float) -> LinkHead:
    inner = np.zeros((len(FEATURES), 1), np.float32)
    inner[0] = 1
    pair = PairHead(
        mean=np.zeros(len(FEATURES), np.float32), scale=np.ones(len(FEATURES), np.float32),
        inner=inner, inner_bias=np.array([-even], np.float32),
        outer=np.array([[0, 50]], np.float32), outer_bias=np.zeros(2, np.float32),
    )  # fmt: skip
    return LinkHead(pair=pair, rarity=RARITY, threshold=0.5)


TOLD = [
    article(0, "e", 1, day=1),
    article(1, "e", 1, 0.1, day=2),
    article(2, "f", 0, 1, day=0),
    article(3, "f", 0, 1, 0.1, day=9),
]


@pytest.mark.parametrize("dates", [None, 1, REAL])
def test_pointing_alone_makes_the_events(dates):
    run = replay(TOLD, RARITY, seed=0, dates=dates)
    made = decide(run, by_cosine(0.6))
    assert made.event[0] == made.event[1] != made.event[2] == made.event[3]
    assert sum(other < 0 for _, other in made.pointed) == 2
    strict = decide(run, by_cosine(2.0))
    assert len(set(strict.event.tolist())) == 4
    pairs = run.pairs()
    assert len(pairs.rows) == 6
    assert pairs.labels.sum() == 2
    assert pairs.weight.sum() == pytest.approx(1)


def test_each_asks_only_what_was_told_before():
    run = replay(TOLD, RARITY, seed=0, dates=REAL)
    assert [asked.at for asked in run.asked] == [2, 0, 1, 3]
    told: set[int] = set()
    for asked in run.asked:
        assert set(asked.others.tolist()) == told
        told.add(asked.at)


def test_undated_articles_are_left_out_of_real_dates():
    run = replay([*TOLD, article(4, "g", 1, 1)], RARITY, seed=0, dates=REAL)
    assert len(run.asked) == 4


def test_chunks_meet_those_of_other_articles_only():
    told = [
        article(0, "e", 1, text="Police in Lindale made 12 arrests"),
        article(1, "e", 1, 0.1, text="Police in Lindale made 12 arrests"),
        article(2, "f", 0, 1, text="A flood in Marwick"),
    ]
    rows, one_event = chunk_pairs(told, seed=0)
    assert rows.shape == (6, len(PAIR_FEATURES))
    assert one_event.tolist() == [True, False, True, False, False, False]
    cosine = rows[:, PAIR_FEATURES.index("cosine")]
    assert cosine[one_event].min() > cosine[~one_event].max()


def test_the_committed_result_belongs_to_this_code():
    result = json.loads(RESULT.read_text("utf-8"))
    assert RESULT.with_suffix(".png").stat().st_size > 10_000
    assert result["code_sha256"] == code_digest(result["code_modules"]), (
        "stale: run `python -m annotator.links.train` again"
    )
