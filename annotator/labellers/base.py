"""What a labeller takes and gives, whatever model stands behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from annotator.recalling import Past
    from newsroom.errors import Refused
    from newsroom.records import Scope, Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleInput:
    """All a labeller may see: the outlet is left out on purpose, labelling is blind to it."""

    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One answer: a class, a score, or both, with what is needed to judge it.

    `score` is on -5..+5 and `scale` names how it came about; `confidence` is 0..1;
    `distribution` holds probabilities by label (for topics the five largest, so it may sum to
    less than 1); `evidence` holds 0-based sentence numbers of the body, empty if not known;
    `recalls` says that the memory of the batch was read for it.
    """

    stage: Stage
    scope: Scope
    label: str | None
    score: float | None
    confidence: float
    distribution: dict[str, float] | None
    reason: str | None = None
    evidence: tuple[int, ...] = ()
    scale: str | None = None
    validated: bool = True
    recalls: bool = False


ArticleLabels = tuple[Label, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """The labels of one article, and its unit vector [d] where the labeller encoded it anyway.

    The vector is stored under the labeller's `encoder`, so that grouping need not encode again.
    """

    labels: ArticleLabels
    vector: NDArray[np.float32] | None = None


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

    def label(
        self, articles: Sequence[ArticleInput], past: Past | None = None
    ) -> Iterator[Labelled | Refused]:
        """One outcome for each article, in order; ``past`` is of the same articles.

        An article that cannot be labelled comes out as the Refused that says why, as a value, so
        that the rest of its batch still gets labels.
        """
        ...
