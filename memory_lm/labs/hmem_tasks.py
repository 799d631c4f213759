"""Stories, image pairs and streams of updates for the Hebbian memory lab, all from one seed.

The story tasks follow what bAbI tasks 1, 2 and 16 ask for (Weston et al. 2015) in sentences of our
own; no text of that set is used. The images are the 8 x 8 digits that come with scikit-learn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

PEOPLE = ("amara", "boris", "chiyo", "dario", "elif")
CITIES = ("lagos", "quito", "hanoi", "oslo", "perth", "minsk")
TRAVEL = ("flew to", "reported from", "arrived in")
THINGS = ("camera", "notebook", "recorder")
DESKS = ("sports", "culture", "science", "finance")
BADGES = ("red", "blue", "white", "amber")

STATEMENTS_MAX = 10
# "who" "does" "what" and the age of the statement, which H-Mem calls its time word.
WORDS = 4
AGES = tuple(f"age-{age}" for age in range(STATEMENTS_MAX))
PAD = 0
VOCABULARY = (
    "",
    *PEOPLE, *CITIES, *TRAVEL, *THINGS, *DESKS, *BADGES,
    "took", "left", "works for", "wears", "where is", "badge of",
    *AGES,
)  # fmt: skip
WORD_ID = {word: i for i, word in enumerate(VOCABULARY)}

Statement = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stories:
    """Word ids: statements [n, T, 4], questions [n, 4], answers [n]; a padded statement is zeros.

    The last word of a statement is its age: 0 for the newest.
    """

    statements: Tensor
    questions: Tensor
    answers: Tensor

    def __len__(self) -> int:
        return self.answers.shape[0]

    def rows(self, picked: Tensor) -> Stories:
        """These stories, in this order."""
        return Stories(
            statements=self.statements[picked],
            questions=self.questions[picked],
            answers=self.answers[picked],
        )


def one_fact(count: int, rng: np.random.Generator) -> Stories:
    """Task 1: two to ten reports of where four people are; the newest about one is asked for."""

    def story() -> tuple[list[Statement], str, str, str]:
        statements, at = [], {}
        for _ in range(2 * int(rng.integers(1, 6))):
            person = _pick(rng, PEOPLE[:4])
            at[person] = _pick(rng, CITIES)
            statements.append((person, _pick(rng, TRAVEL), at[person]))
        asked = _pick(rng, tuple(at))
        return statements, "where is", asked, at[asked]

    return _stories(count, story)


def two_facts(count: int, rng: np.random.Generator) -> Stories:
    """Task 2: people travel, take and leave things; where is a thing: who had it, and where."""

    def story() -> tuple[list[Statement], str, str, str]:
        people = PEOPLE[:2]
        statements, at, holder, place = [], {}, dict[str, str](), dict[str, str]()

        def travel(person: str) -> None:
            at[person] = _pick(rng, CITIES)
            statements.append((person, _pick(rng, TRAVEL), at[person]))
            place.update({thing: at[person] for thing, who in holder.items() if who == person})

        for person in people:
            travel(person)
        while len(statements) < STATEMENTS_MAX:
            person, thing, dice = _pick(rng, people), _pick(rng, THINGS), rng.random()
            if dice < 0.4:
                travel(person)
            elif thing not in holder:
                holder[thing], place[thing] = person, at[person]
                statements.append((person, "took", thing))
            elif dice > 0.7:
                statements.append((holder.pop(thing), "left", thing))
        # Ten statements may name no thing at all: then there is nothing to ask.
        if not place:
            return story()
        asked = _pick(rng, tuple(place))
        return statements, "where is", asked, place[asked]

    return _stories(count, story)


def induction(
    count: int, rng: np.random.Generator, *, people: int = 5, mixed: bool = True
) -> Stories:
    """Task 16: a desk's badge is known from one colleague; this person's is asked for.

    Exactly one colleague shares the asked person's desk and every other desk is named once at
    most, so that no count of colours gives the answer away: chance is 1 in ``people - 1``.
    Unless ``mixed``, badges come before desks and the asked person last: then each statement can
    be joined with what is already stored, and one read is enough.
    """

    def story() -> tuple[list[Statement], str, str, str]:
        cast = [PEOPLE[i] for i in rng.permutation(len(PEOPLE))[:people]]
        desks = [DESKS[i] for i in rng.permutation(len(DESKS))]
        badges = dict(zip(desks, (BADGES[i] for i in rng.permutation(len(BADGES))), strict=True))
        asked, desk_of = cast[0], dict(zip(cast, [desks[0], *desks], strict=False))
        wears = [(person, "wears", badges[desk_of[person]]) for person in cast[1:]]
        works = [(person, "works for", desk_of[person]) for person in cast[1:]]
        own = (asked, "works for", desk_of[asked])
        if mixed:
            statements = _shuffled([*wears, *works, own], rng)
        else:
            statements = [*_shuffled(wears, rng), *_shuffled(works, rng), own]
        return statements, "badge of", asked, badges[desk_of[asked]]

    return _stories(count, story)


def _pick(rng: np.random.Generator, words: Sequence[str]) -> str:
    return words[int(rng.integers(len(words)))]


def _shuffled(told: Sequence[Statement], rng: np.random.Generator) -> list[Statement]:
    return [told[i] for i in rng.permutation(len(told))]


def _stories(count: int, story: Callable[[], tuple[list[Statement], str, str, str]]) -> Stories:
    statements = np.full((count, STATEMENTS_MAX, WORDS), PAD)
    questions, answers = np.full((count, WORDS), PAD), np.full(count, PAD)
    for row in range(count):
        told, ask, asked, answer = story()
        for step, words in enumerate(told):
            aged = (*words, AGES[len(told) - 1 - step])
            statements[row, step] = [WORD_ID[word] for word in aged]
        questions[row, :2] = WORD_ID[ask], WORD_ID[asked]
        answers[row] = WORD_ID[answer]
    return Stories(
        statements=torch.as_tensor(statements),
        questions=torch.as_tensor(questions),
        answers=torch.as_tensor(answers),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """A stream of image pairs with noise between: frames [n, T, 128], questions [n, 128].

    A frame is two digits side by side; a question shows another image of one left digit's class
    and nothing on the right. Answers [n] are the right digit's class.
    """

    frames: Tensor
    questions: Tensor
    answers: Tensor

    def __len__(self) -> int:
        return self.answers.shape[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Digits:
    """Images [n, 64] in 0..1 and rows of each class."""

    images: NDArray[np.float32]
    rows_of: tuple[NDArray[np.int64], ...]


def digits() -> tuple[Digits, Digits]:
    """Training and test images of handwritten digits, no image in both (three quarters, rest)."""
    from sklearn.datasets import load_digits

    data = load_digits()
    images = (data.data / 16).astype(np.float32)
    parts = np.arange(len(images)) % 4 == 0

    def part(chosen: NDArray[np.bool_]) -> Digits:
        rows = tuple(np.flatnonzero(chosen & (data.target == label)) for label in range(10))
        return Digits(images=images, rows_of=rows)

    return part(~parts), part(parts)


def association(
    count: int, rng: np.random.Generator, source: Digits, *, delay: int, pairs: int = 3
) -> Pairs:
    """Pairs of digits, each followed by ``delay`` frames of uniform noise, and a question."""
    frames = rng.random((count, pairs * (1 + delay), 128), dtype=np.float32)
    left = np.argsort(rng.random((count, 10)), axis=1)[:, :pairs]
    right = rng.integers(10, size=(count, pairs))
    for pair in range(pairs):
        frames[:, pair * (1 + delay), :64] = _images(source, left[:, pair], rng)
        frames[:, pair * (1 + delay), 64:] = _images(source, right[:, pair], rng)
    asked, every = rng.integers(pairs, size=count), np.arange(count)
    questions = np.zeros((count, 128), dtype=np.float32)
    questions[:, :64] = _images(source, left[every, asked], rng)
    return Pairs(
        frames=torch.as_tensor(frames),
        questions=torch.as_tensor(questions),
        answers=torch.as_tensor(right[every, asked]),
    )


def _images(
    source: Digits, labels: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.float32]:
    return source.images[[rng.choice(source.rows_of[label]) for label in labels]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Interleaved updates: every round gives each key a new value, in an order of its own.

    ``codes`` [keys, rounds, F] are value features in 0..1, ``order`` [rounds, keys] key numbers.
    """

    codes: Tensor
    order: NDArray[np.int64]


def interference(
    rng: np.random.Generator, *, keys: int, rounds: int, features: int, likeness: float = 0.3
) -> Stream:
    """A proactive-interference stream: values of one key compete, and the last one counts.

    Values are rectified random features of vectors that share a direction, with a mean cosine of
    ``likeness``, which is about that of sentence vectors of unrelated words.
    """
    width = 384
    shared, own = rng.standard_normal(width), rng.standard_normal((keys, rounds, width))
    vectors = np.sqrt(likeness) * shared + np.sqrt(1 - likeness) * own
    projected = vectors @ rng.standard_normal((width, features)) / np.sqrt(width)
    codes = np.maximum(projected, 0)
    return Stream(
        codes=torch.as_tensor(codes / codes.max(), dtype=torch.float32),
        order=np.stack([rng.permutation(keys) for _ in range(rounds)]),
    )
