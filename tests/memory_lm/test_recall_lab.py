"""The recall lab's tasks by the letter, its mixers' order in time, and what training must do."""

from __future__ import annotations

import pytest
import torch

from memory_lm.labs.recall_models import Arm, Recaller, Training, hebbian_mix, measure, train
from memory_lm.labs.recall_tasks import UNASKED, Copy, Recall
from newsroom.errors import BadRequest

TASK = Recall(vocabulary=64, length=32, pairs=4, updates=5)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_every_key_is_asked_once_and_its_newest_value_is_the_answer():
    batch = TASK.sample(generator(), 50)
    for tokens, answers, stale in zip(batch.tokens, batch.answers, batch.stale, strict=True):
        written = tokens[:18].tolist()
        values: dict[int, list[int]] = {}
        for key, value in zip(written[::2], written[1::2], strict=True):
            values.setdefault(key, []).append(value)
        assert len(values) == 4
        asked = {int(tokens[i]): i for i in range(18, 32) if answers[i] != UNASKED}
        assert set(asked) == set(values)
        for key, at in asked.items():
            assert int(answers[at]) == values[key][-1]
            assert {int(x) for x in stale[at] if x != UNASKED} == set(values[key][:-1])
    assert (batch.answers[:, :18] == UNASKED).all()


def test_shuffled_answers_are_other_keys_answers():
    right, wrong = (TASK.sample(generator(), 50, shuffled=s).answers for s in (False, True))
    assert torch.equal(right.sort(1).values, wrong.sort(1).values)
    assert (right != wrong).any()


def test_a_copy_repeats_its_letters_after_the_mark():
    task = Copy(letters=5, shortest=2, longest=6)
    batch = task.sample(generator(), 50)
    for tokens, answers in zip(batch.tokens.tolist(), batch.answers.tolist(), strict=True):
        mark = tokens.index(1)
        assert 2 <= mark <= 6
        assert answers[mark : 2 * mark] == tokens[:mark]
        assert tokens[mark + 1 : 2 * mark] == tokens[: mark - 1]
        assert answers.count(UNASKED) == len(answers) - mark


@pytest.mark.parametrize(
    "size", [{"length": 16, "pairs": 5}, {"vocabulary": 8, "pairs": 4}], ids=str
)
def test_a_task_without_room_is_refused(size):
    with pytest.raises(BadRequest, match="no room"):
        Recall(**size)


@pytest.mark.parametrize("mixer", ["softmax", "lla", "linear", "delta", "hebbian", "scan"])
@pytest.mark.parametrize("conv", ["", "k"])
def test_no_row_sees_a_later_token(mixer, conv):
    torch.manual_seed(0)
    model = Recaller(Arm(mixer=mixer, conv=conv, width=16), 64, 32)
    tokens = TASK.sample(generator(), 2).tokens
    asked = torch.zeros_like(tokens, dtype=torch.bool)
    asked[:, 9] = True
    before = model(tokens, asked)
    changed = tokens.clone()
    changed[:, 10:] = 7
    torch.testing.assert_close(model(changed, asked), before)
    changed[:, 9] = 7
    assert not torch.allclose(model(changed, asked), before)


def test_hebbian_reads_what_it_wrote_and_forgets_the_older_value():
    k = torch.eye(4)[None, [0, 1, 0, 0]]
    v = torch.eye(4)[None, [0, 1, 2, 3]]
    o = hebbian_mix(k, k, v, gain=1.0, decay=1.0)
    assert o[0].argmax(-1).tolist() == [0, 1, 2, 3]
    kept = hebbian_mix(k, k, v, gain=1.0, decay=0.0)
    assert float(kept[0, 3, 0]) > 0 == pytest.approx(float(o[0, 3, 0]), abs=1e-6)


def test_training_is_seeded_and_learns():
    task, arm = Recall(vocabulary=16, length=12, pairs=2), Arm(mixer="softmax", width=32)
    runs = [
        train(arm, task, Training(steps=100, rate=1e-2), 0, say=lambda _: None) for _ in range(2)
    ]
    assert runs[0].curve == runs[1].curve
    found = measure(runs[0].model, task, 1, 200)
    assert found.accuracy > 0.5
    assert measure(runs[0].model, task, 1, 200, shuffled=True).accuracy < found.accuracy
