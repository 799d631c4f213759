"""The words of a citation: a reference in APA's order, BibTeX, and CITATION.cff."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

AUTHORS: Final = "The Newsroom maintainers"
LICENCE: Final = "Apache-2.0"
# What TeX would read as its own.
_TEX: Final = re.compile(r"[&%$#_{}]")
_TEX_WORDS: Final[Mapping[str, str]] = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """What a citation names. ``as_of`` and ``snapshot_id`` are None where they are not pinned."""

    method: str
    values: Mapping[str, Any]
    query_id: str
    run_id: str | None
    as_of: str | None
    snapshot_id: str | None
    url: str
    at: datetime

    @property
    def title(self) -> str:
        """What was asked, in a line."""
        asked = ", ".join(
            f"{name}={','.join(value) if isinstance(value, list) else value}"
            for name, value in self.values.items()
            if name not in {"run", "as_of"}
        )
        return f"Newsroom {self.method}" + (f" ({asked})" if asked else "")

    @property
    def note(self) -> str:
        """What the figures depend on besides."""
        parts = [
            f"as of {self.as_of}" if self.as_of else "not pinned to a time",
            f"labels of run {self.run_id}" if self.run_id else "no labels",
            f"snapshot {self.snapshot_id}" if self.snapshot_id else f"query {self.query_id}",
        ]
        return "; ".join(parts)


def texts(cited: Cited) -> dict[str, str]:
    """The three spellings."""
    return {"apa": apa(cited), "bibtex": bibtex(cited), "cff": cff(cited)}


def apa(cited: Cited) -> str:
    """A reference in the order of APA 7 for a data set that may change."""
    at = f"{cited.at:%B} {cited.at.day}, {cited.at.year}"
    return (
        f"{AUTHORS}. ({cited.at.year}). {cited.title} [Data set; {cited.note}]. "
        f"Retrieved {at}, from {cited.url}"
    )


def bibtex(cited: Cited) -> str:
    """A ``@misc`` entry."""
    fields = {
        "author": f"{{{AUTHORS}}}",
        "title": f"{{{_tex(cited.title)}}}",
        "year": str(cited.at.year),
        "howpublished": "Data set",
        "note": _tex(cited.note),
        "url": cited.url,
        "urldate": cited.at.date().isoformat(),
    }
    lines = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items())
    return f"@misc{{newsroom_{cited.query_id[:8]},\n{lines}}}\n"


def cff(cited: Cited) -> str:
    """A ``CITATION.cff``; strings are those of JSON, which YAML reads as they are."""
    known = cited.snapshot_id or cited.query_id
    kind = "snapshot" if cited.snapshot_id else "query"
    return (
        "cff-version: 1.2.0\n"
        f"message: {_quoted(f'If you use this, cite it as it is pinned: {cited.note}.')}\n"
        f"title: {_quoted(cited.title)}\n"
        "type: dataset\n"
        f"version: {_quoted(known)}\n"
        f"date-released: {_quoted(cited.at.date().isoformat())}\n"
        f"license: {LICENCE}\n"
        f"authors:\n  - name: {AUTHORS}\n"
        f"url: {_quoted(cited.url)}\n"
        f"identifiers:\n  - type: other\n    value: {_quoted(f'newsroom:{kind}:{known}')}\n"
    )


def _tex(text: str) -> str:
    return "".join(_TEX_WORDS.get(c) or (f"\\{c}" if _TEX.match(c) else c) for c in text)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
