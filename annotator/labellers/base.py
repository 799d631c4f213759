"""What a labeller takes and gives, whatever model stands behind it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Protocol

from newsroom.errors import Later, Refused
from newsroom.text import sentences

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from annotator.recalling import Past
    from newsroom.records import Answer, Scope, Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleInput:
    """All a labeller may see: the outlet is left out on purpose, labelling is blind to it.

    ``sentences`` are given where somebody cut the text already; ``on`` is the day it appeared.
    """

    title: str
    text: str
    sentences: tuple[str, ...] | None = None
    on: date | None = None

    def cut(self) -> tuple[str, ...]:
        """The sentences as given, or as our own rule cuts the text."""
        if self.sentences is not None:
            return self.sentences
        return tuple(self.text[start:end] for start, end in sentences(self.text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One answer: a class, a score, or both, with what is needed to judge it.

    `score` is on -5..+5 and `scale` names how it came about; `confidence` is 0..1;
    `distribution` holds probabilities by label (for topics the five largest, so it may sum to
    less than 1); `sentence` numbers the sentence it speaks of, with the scope of a sentence;
    `text` answers a question that wants words; `evidence` holds 0-based sentence numbers of the
    body, empty if not known; `recalls` says that the memory of the batch was read for it;
    `answer_id` names the model's answer it was read from.
    """

    stage: Stage
    scope: Scope
    label: str | None
    score: float | None
    confidence: float | None
    distribution: dict[str, float] | None
    sentence: int | None = None
    text: str | None = None
    reason: str | None = None
    evidence: tuple[int, ...] = ()
    scale: str | None = None
    validated: bool = True
    recalls: bool = False
    answer_id: str | None = None


ArticleLabels = tuple[Label, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """The labels of one article, and its unit vector [d] where the labeller encoded it anyway.

    The vector is stored under the labeller's `encoder`, so that grouping need not encode again;
    ``answers`` are what a model said, for labels that were asked of one; ``refused`` says why the
    article as a whole has no labels though the sentences that were given for it have.
    """

    labels: ArticleLabels
    vector: NDArray[np.float32] | None = None
    answers: tuple[Answer, ...] = ()
    refused: Refused | None = None


Outcome = Labelled | Refused | Later


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a model is asked with: the digest of all prompts and forms, and every setting."""

    prompt_digest: str
    settings: Mapping[str, object]


class Labeller(Protocol):
    """A source of labels; `id` and `revision` are stored beside each one."""

    @property
    def id(self) -> str:
        """Short stable name, such as `embedded`."""
        ...

    @property
    def revision(self) -> str:
        """Changes whenever the same article could get another label."""
        ...

    @property
    def encoder(self) -> str | None:
        """Version of the encoder behind the vectors; None where there are none."""
        ...

    @property
    def recalls(self) -> bool:
        """Whether any label reads the memory, so that a batch should bring its past."""
        ...

    @property
    def asked(self) -> Asked | None:
        """Prompts and settings behind the labels, for a labeller that asks a model."""
        ...

    def label(
        self, articles: Sequence[ArticleInput], past: Past | None = None
    ) -> Iterator[Outcome]:
        """One outcome for each article, in order; ``past`` is of the same articles.

        An article that cannot be labelled comes out as the Refused or the Later that says why, as
        a value, so that the rest of its batch still gets labels.
        """
        ...
