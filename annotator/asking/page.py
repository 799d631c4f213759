"""An article as a language model is shown it: numbered, masked, and marked as data line by line.

The marker is a digest of the text it marks, so no text can contain its own, and the same article
is always shown the same way: a server's prefix cache keeps it, and a label can be replayed. With
``datamark`` the words are joined by a caret as well, the marking of Hines et al. 2024
(arXiv 2403.14720), which costs about a token a word.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

CARET = "^"
MARKED = "words inside it are joined by ^"
PLAIN = "its words are data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Headline and sentences as shown, with the marker that opens each line."""

    marker: str
    headline: str
    sentences: tuple[str, ...]
    datamark: bool

    @property
    def between(self) -> str:
        """How the lines are marked, for the system message."""
        return MARKED if self.datamark else PLAIN

    def line(self, number: int) -> str:
        """Line 0 is the headline, line n the nth sentence."""
        text = self.headline if number == 0 else self.sentences[number - 1]
        words = text.replace(CARET, " ").split()
        return f"{self.marker} {number}| {(CARET if self.datamark else ' ').join(words)}"

    def lines(self) -> str:
        """The whole article."""
        return "\n".join(self.line(number) for number in range(len(self.sentences) + 1))


def of(headline: str, sentences: Sequence[str], *, datamark: bool) -> Page:
    """A page of a masked headline and its masked sentences, in order."""
    told = "\n".join((headline, *sentences))
    marker = hashlib.sha256(f"marker\n{told}".encode("utf-8", "replace")).hexdigest()[:8]
    return Page(marker=marker, headline=headline, sentences=tuple(sentences), datamark=datamark)
