"""What kind of change two versions of an article make, by fixed rules. Pure.

A change of quotation marks, dashes, spaces, time stamps or page furniture is cosmetic: it makes no
revision, because it says nothing that the text before it did not say, and each revision would be
labelled again. The bytes of both pages are in the archive.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from newsroom import diff
from newsroom.diff import Edit, Op
from newsroom.text import word_count


class Kind(StrEnum):
    """What changed.

    ``HEADLINE``: nothing but it. ``CORRECTION``: the page now carries a note that says so.
    ``UPDATE``: sentences came and none went, or a note says so. ``REMOVAL``: sentences went and
    none came. ``SILENT_EDIT``: anything else, without a word about it. ``REVERTED``: back to a
    version shown before. ``OTHER_ADDRESS``: read from another address of the article, so that
    the difference may be the page's and not an edit.
    """

    HEADLINE = "headline"
    CORRECTION = "correction"
    UPDATE = "update"
    REMOVAL = "removal"
    SILENT_EDIT = "silent-edit"
    REVERTED = "reverted"
    OTHER_ADDRESS = "other-address"


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """Headline and text of one revision."""

    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The kind, and how much: words of headline and text; ``note`` is what the page says of it."""

    kind: Kind
    title_changed: bool
    words_added: int
    words_removed: int
    note: str | None


_PIECE = r"(?:article|story|report|post|headline|column|piece|obituary|review|essay|item)"
_CORRECTED = re.compile(
    rf"""^(?:correction|corrected|clarification|editor.?s.note)\b
      | \b(?:earlier|previous|original)\ version\ of\ this\ {_PIECE}\b
      | \bthis\ {_PIECE}\ (?:has\ been|was|is)\ (?:corrected|amended|clarified)\b
      | \bthis\ {_PIECE}\ (?:has\ been|was)\ (?:updated|revised|edited|changed)\ to\ correct\b""",
    re.IGNORECASE | re.VERBOSE,
)
_UPDATED = re.compile(
    rf"""^update\b\s*[:(–—-] | ^updated?\ (?:at|on|with)\b
      | \bthis\ (?:is\ a\ (?:breaking|developing)|{_PIECE}\ (?:has\ been|was)\ updated)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_SAME_SIGNS = str.maketrans(
    {"‘": "'", "’": "'", "ʼ": "'", "“": '"', "”": '"', "«": '"', "»": '"', "‐": "-", "‑": "-",
     "…": "...", "\u00ad": "", "\u00a0": " "}
)  # fmt: skip
_DASH = re.compile(r"\s*(?:–|—|--)\s*")
# Lines of the page around the story: whole lines only, never part of a sentence.
_FURNITURE = re.compile(
    r"""^(?:advertisement | sponsored | story\ continues\ below(?:\ advertisement)?
      | share(?:\ this(?:\ article|\ story)?)? | print | save | comments? | \d+\ comments?
      | listen(?:\ to\ this\ article)?(?:\ \(?\d+\ min(?:ute)?s?\)?)? | \d+[\ -]min(?:ute)?s?\ read
      | (?:read\ more|read\ also|related|see\ also|more\ on\ this\ story)(?::.{0,150})?
      | sign\ up\ (?:for|to)\ .{0,120} | enter\ your\ email\ address
      | (?:follow|like)\ us\ on\ .{0,60} | (?:click|tap)\ here\ .{0,60})[.:]?$""",
    re.IGNORECASE | re.VERBOSE,
)
_STAMP = re.compile(
    r"^(?:first |last |originally )?(?:published|posted|updated|modified)\b", re.IGNORECASE
)
# What is left of a time stamp once its words are gone: nothing.
_STAMP_WORDS = re.compile(
    r"""\b(?:first|last|originally|published|posted|updated|modified|on|at|and|ago|today|yesterday
      |jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?
      |oct(?:ober)?|nov(?:ember)?|dec(?:ember)?|mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?
      |thu(?:rs(?:day)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?|hours?|minutes?|mins?|hrs?|days?
      |[ap]\.?m\.?|[ecmp][sd]?t|gmt|bst|utc|eastern|central|pacific|mountain|time
      |\d{1,4}(?:st|nd|rd|th)?)\b|[\d\W_]""",
    re.IGNORECASE | re.VERBOSE,
)


def cosmetic(before: Version, after: Version) -> bool:
    """Whether a reader would be told the same by both."""
    return _folded(before.title) == _folded(after.title) and _body(before.text) == _body(after.text)


def compare(before: Version, after: Version) -> Verdict:
    """The kind of a change that is not cosmetic, and its size."""
    edits = diff.texts(before.text, after.text)
    title = diff.words(before.title, after.title)
    headline = Edit(op=Op.CHANGED, before=before.title, after=after.title, pieces=title)
    same_text = _body(before.text) == _body(after.text)
    return Verdict(
        kind=Kind.HEADLINE if same_text else _kind(edits),
        title_changed=_folded(before.title) != _folded(after.title),
        words_added=headline.words_added + sum(e.words_added for e in edits),
        words_removed=headline.words_removed + sum(e.words_removed for e in edits),
        note=_note(edits, _CORRECTED) or _note(edits, _UPDATED),
    )


def _kind(edits: tuple[Edit, ...]) -> Kind:
    ops = {edit.op for edit in edits if not _furniture(edit)}
    if _note(edits, _CORRECTED):
        return Kind.CORRECTION
    if _note(edits, _UPDATED) or Op.ADDED in ops <= {Op.SAME, Op.ADDED}:
        return Kind.UPDATE
    return Kind.REMOVAL if ops <= {Op.SAME, Op.REMOVED} else Kind.SILENT_EDIT


def _note(edits: tuple[Edit, ...], pattern: re.Pattern[str]) -> str | None:
    """The new or reworded sentence that speaks of the change; a note that stood before is none."""
    for edit in edits:
        if edit.op in {Op.ADDED, Op.CHANGED} and pattern.search(edit.after.strip()):
            return edit.after.strip()[:500]
    return None


def _furniture(edit: Edit) -> bool:
    return _body(edit.before) == _body(edit.after)


def _body(text: str) -> str:
    lines = (line.strip() for line in text.split("\n"))
    return " ".join(_folded(line) for line in lines if line and not _is_furniture(line))


def _is_furniture(line: str) -> bool:
    if _FURNITURE.match(line):
        return True
    return bool(_STAMP.match(line)) and not _STAMP_WORDS.sub("", line) and word_count(line) <= 16


def _folded(text: str) -> str:
    return " ".join(_DASH.sub(" - ", text.translate(_SAME_SIGNS)).split())
