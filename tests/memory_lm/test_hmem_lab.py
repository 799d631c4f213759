from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch

from memory_lm.hebbian import AssociativeMemory
from memory_lm.labs import hmem, hmem_tasks
from memory_lm.labs.hmem_models import PairLstm, PairReader, StoryReader, accuracy

WORDS = hmem_tasks.VOCABULARY


def told(stories: hmem_tasks.Stories, row: int) -> list[tuple[str, ...]]:
    return [tuple(WORDS[i] for i in ids) for ids in stories.statements[row].tolist() if any(ids)]


def asked(stories: hmem_tasks.Stories, row: int) -> tuple[str, str]:
    return WORDS[stories.questions[row, 1]], WORDS[stories.answers[row]]


def test_words_are_unique() -> None:
    assert len(set(WORDS)) == len(WORDS)


@pytest.mark.parametrize("make", [hmem_tasks.one_fact, hmem_tasks.two_facts, hmem_tasks.induction])
def test_stories_repeat_with_their_seed_and_number_their_ages(make) -> None:
    one, same, other = (make(20, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert torch.equal(one.statements, same.statements)
    assert not torch.equal(one.statements, other.statements)
    for row in range(20):
        ages = [line[-1] for line in told(one, row)]
        assert ages == [f"age-{age}" for age in reversed(range(len(ages)))]


def test_one_fact_asks_for_the_newest_city() -> None:
    stories = hmem_tasks.one_fact(200, np.random.default_rng(0))
    for row in range(200):
        person, answer = asked(stories, row)
        cities = [line[2] for line in told(stories, row) if line[0] == person]
        assert cities[-1] == answer


def test_two_facts_follow_the_thing() -> None:
    stories = hmem_tasks.two_facts(300, np.random.default_rng(0))
    for row in range(300):
        at, holder, place = {}, {}, {}
        for person, verb, word, _ in told(stories, row):
            if verb == "took":
                assert word not in holder
                holder[word] = person
            elif verb == "left":
                assert holder.pop(word) == person
            else:
                at[person] = word
            place |= {thing: at[who] for thing, who in holder.items()}
        thing, answer = asked(stories, row)
        assert place[thing] == answer


@pytest.mark.parametrize("mixed", [True, False])
@pytest.mark.parametrize("people", [4, 5])
def test_induction_has_one_witness_and_no_short_cut(people: int, mixed: bool) -> None:
    count = 2000
    stories = hmem_tasks.induction(count, np.random.default_rng(0), people=people, mixed=mixed)
    ages: Counter[str] = Counter()
    for row in range(count):
        lines = told(stories, row)
        desk = {who: word for who, verb, word, _ in lines if verb == "works for"}
        badge = {who: (word, age) for who, verb, word, age in lines if verb == "wears"}
        person, answer = asked(stories, row)
        assert person not in badge
        [witness] = [who for who in desk if desk[who] == desk[person] and who != person]
        assert badge[witness][0] == answer
        assert len({word for word, _ in badge.values()}) == people - 1
        ages[badge[witness][1]] += 1
    # Where the witness stands says nothing: each place is as likely as any other.
    places = 2 * people - 1 if mixed else people - 1
    assert len(ages) == places
    assert max(ages.values()) < 1.4 * count / places


def test_no_digit_is_in_both_halves_and_questions_show_the_left() -> None:
    training, test = hmem_tasks.digits()
    rows = [set(np.concatenate(part.rows_of).tolist()) for part in (training, test)]
    assert not rows[0] & rows[1]
    assert sum(map(len, rows)) == 1797
    pairs = hmem_tasks.association(8, np.random.default_rng(0), test, delay=4)
    assert pairs.frames.shape == (8, 15, 128)
    assert not pairs.questions[:, 64:].any()
    assert pairs.questions[:, :64].any(dim=1).all()


def test_a_stream_gives_every_key_one_value_a_round() -> None:
    stream = hmem_tasks.interference(np.random.default_rng(0), keys=5, rounds=7, features=16)
    assert (np.sort(stream.order, axis=1) == np.arange(5)).all()
    assert stream.codes.shape == (5, 7, 16)
    assert stream.codes.min() >= 0
    assert stream.codes.max() == 1


def test_the_papers_gate_adds_up_and_a_strong_gate_overwrites() -> None:
    assert hmem.recall_of_newest("hebbian", 0.01, 8, seed=0) < 0.4
    assert hmem.recall_of_newest("hebbian", 0.3, 8, seed=0) > 0.95
    assert hmem.recall_of_newest("delta", 1.0, 8, seed=0) > 0.95


def test_a_story_is_answered_from_the_state_it_is_given() -> None:
    torch.manual_seed(0)
    net = StoryReader(AssociativeMemory(16, 8, rule="hebbian", hops=3, gain=0.1, decay=0.1), 16)
    stories = hmem_tasks.one_fact(32, np.random.default_rng(0))
    net.eval()
    with torch.no_grad():
        own, state = net(stories), net.remember(stories)
        torch.testing.assert_close(net(stories, state), own)
        assert not torch.allclose(net(stories, state.roll(1, dims=0)), own)
        assert not net(stories, net.memory.empty(32)).any()


def test_pair_models_answer_every_question_and_start_at_chance() -> None:
    torch.manual_seed(0)
    _, test = hmem_tasks.digits()
    pairs = hmem_tasks.association(200, np.random.default_rng(0), test, delay=1)
    for net in (PairReader(AssociativeMemory(16, 8), 16), PairLstm(16)):
        assert net(pairs).shape == (200, 10)
        assert accuracy(net, pairs) < 0.3
