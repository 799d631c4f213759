"""Which sentence labels a reader counts: quoted or not by rule, or those of the sentence heads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from annotator.longdoc.reading import SentenceReader, quoted_or_not
from newsroom.errors import Refused
from newsroom.records import Stage

PLAIN = "embedded"


@lru_cache
def _heads() -> tuple[str, SentenceReader]:
    """The sentence heads and their digest; loads the encoder, once a process."""
    from annotator.sentences.labeller import SentenceLabeller

    labeller = SentenceLabeller()

    def read(texts: Sequence[str]) -> Sequence[Mapping[Stage, str]]:
        [labelled] = labeller.label([texts])
        return [
            {
                Stage.SENTENCE_TYPE: one.type.label,
                Stage.SENTENCE_TONE: one.tone.label,
                Stage.SENTENCE_FOCUS: one.focus.label,
            }
            for one in labelled
        ]

    return labeller.digest, read


def model(*, sentence_labels: bool) -> str:
    """The name under which a reading is stored: another one where it could come out otherwise."""
    return f"{PLAIN}+{_heads()[0]}" if sentence_labels else PLAIN


def reader(name: str) -> SentenceReader:
    """The reader of that name. Raises Refused ``longdoc-model`` for heads that are not ours."""
    if name == PLAIN:
        return quoted_or_not
    digest, read = _heads()
    if name != f"{PLAIN}+{digest}":
        raise Refused("longdoc-model", f"asked {name}, here is {PLAIN}+{digest}")
    return read
