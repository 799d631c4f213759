"""Who is named as speaking in one sentence, and which marks open and close a quotation.

By rule: titles, names, pronouns and roles beside a verb of saying. Nothing is read inside of
quotation marks, so a person only spoken about never becomes the speaker.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from annotator.longdoc.messages import Pair, safe_name
from annotator.longdoc.state import HE, SHE, Ref

Gender = Literal["he", "she"]

_VERBS = (
    "said says added adds asked asks replied replies told tells noted notes continued continues "
    "answered answers argued argues insisted insists warned warns explained explains testified "
    "responded responds recalled concluded stated declared urged admitted remarked wrote"
)
VERB = rf"(?:{'|'.join(_VERBS.split())})"
_TITLES = {"Mr": "he", "Sir": "he", "Ms": "she", "Mrs": "she", "Miss": "she", "Madam": "she"}
_RANKS = "Dr Sen Rep Gov Senator Representative Governor Mayor Professor Prof Judge Secretary"
_TITLE = rf"(?:{'|'.join([*_TITLES, *_RANKS.split()])})"
_NAME = r"[A-Z][\w'’-]+(?: (?:[A-Z]\.|[A-Z][\w'’-]+))*"
_PERSON = rf"(?P<title>{_TITLE}\.? )?(?P<name>{_NAME})"
_ROLE = r"the (?P<role>(?:[a-z][a-z-]+ ){0,2}[a-z][a-z-]+)"
_SUBJECT = rf"(?:{_PERSON}|(?P<pronoun>[Hh]e|[Ss]he)|(?i:{_ROLE}))"
_APPOSITION = r"(?:, (?:the|an?) [^,]{2,80},)?"
# "said Cruz was late" is about Cruz, not by him.
_NOT_ABOUT = (
    r"(?! (?:was|were|is|are|has|had|have|would|will|could|can|should|did|does|must|may)\b)"
)
BEFORE = re.compile(rf"\b{_SUBJECT}{_APPOSITION} (?:then |also |later )?{VERB}\b")
AFTER = re.compile(rf"\b{VERB} {_SUBJECT}\b(?![\w'’-]){_NOT_ABOUT}")
INTRODUCED = re.compile(rf"\b{_PERSON}, the (?P<is>[a-z][a-z -]+?),")

_QUOTE_MARKS = '"“”'
_NOT_NAMES = {
    "But", "And", "Then", "So", "Yet", "The", "This", "That", "It", "They", "We", "You", "I",
    "In", "On", "At", "As", "When", "While", "After", "Before", "Later", "Still", "He", "She",
    "Nobody", "Everyone", "Officials", "What", "Who", "Earlier",
}  # fmt: skip
_UTTERANCE_WORDS = 4
# What stands in the place of quoted words: no name, no verb.
_GAP = "«»"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """A person (``name`` with ``gender`` where a title tells it) or a pronoun's register."""

    name: str | None
    gender: Gender | None = None
    register: Ref | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One sentence as far as speaking goes.

    ``speaks`` is whether quoted words stand in it, ``quoting`` whether a quotation is open at its
    end, ``closes`` whether one that was open before closes in it.
    """

    speaks: bool
    quoting: bool
    closes: bool
    attribution: Attribution | None
    aliases: tuple[Pair, ...]


def read(text: str, *, quoting: bool) -> Sentence:
    """Read one sentence; ``quoting``: a quotation was open before it."""
    outside, quoted, still_open, closes = _split(text, quoting=quoting)
    attribution, aliases = _attribution(outside)
    return Sentence(
        speaks=_is_utterance(quoted, attributed=attribution is not None, whole=quoting),
        quoting=still_open,
        closes=closes,
        attribution=attribution,
        aliases=aliases,
    )


def opens(text: str) -> bool:
    """Whether a sentence starts with an opening mark, as quotations go on in a new paragraph."""
    return text[:1] in _QUOTE_MARKS


def _split(text: str, *, quoting: bool) -> tuple[str, list[str], bool, bool]:
    """Text outside of quotations, quoted pieces, whether one is open at the end, and whether
    the one open before closed. A mark opens where a word begins, and closes where one ends.
    """
    outside: list[str] = []
    quoted: list[str] = []
    held, inside, closed, start = quoting, quoting, False, 0
    for i, sign in enumerate(text):
        if sign not in _QUOTE_MARKS:
            continue
        opening = sign == "“" or (sign == '"' and (i == 0 or text[i - 1] in " (—–-[\n"))
        if opening and not inside:
            outside.append(text[start:i])
            inside, start = True, i + 1
        elif opening:
            start = i + 1 if i == 0 else start
        elif inside:
            quoted.append(text[start:i])
            closed, held, inside, start = closed or held, False, False, i + 1
            outside.append(_GAP)
    (quoted if inside else outside).append(text[start:])
    return "".join(outside), [q for q in quoted if q.strip()], inside, closed


def _is_utterance(quoted: list[str], *, attributed: bool, whole: bool) -> bool:
    """Quoted words that are somebody's speech: not a word in scare quotes inside of narration."""
    if not quoted:
        return False
    last = max(quoted, key=len).rstrip()
    return whole or attributed or len(last.split()) >= _UTTERANCE_WORDS or last[-1] in ".,!?"


def _attribution(outside: str) -> tuple[Attribution | None, tuple[Pair, ...]]:
    aliases = [
        (key, f"the {m['is']}")
        for m in INTRODUCED.finditer(outside)
        if (key := surname(m["name"])) is not None
    ]
    found = None
    for pattern in (BEFORE, AFTER):
        for match in pattern.finditer(outside):
            found = found or _who(match)
    return found, tuple(aliases)


def _who(match: re.Match[str]) -> Attribution | None:
    parts = match.groupdict()
    if parts["pronoun"]:
        he = parts["pronoun"].lower() == "he"
        return Attribution(name=None, gender="he" if he else "she", register=HE if he else SHE)
    if parts["role"]:
        return Attribution(name=safe_name(f"the {parts['role']}".lower()))
    key = surname(parts["name"])
    if key is None:
        return None
    title = (parts["title"] or "").rstrip(". ")
    gender: Gender | None = _TITLES.get(title)  # type: ignore[assignment]  # its values are these
    return Attribution(name=key, gender=gender)


def surname(name: str) -> str | None:
    """The last word of a name, without a possessive; None for a word that is no name."""
    words = [w for w in name.split() if w not in _NOT_NAMES]
    return safe_name(re.sub(r"['’]s$", "", words[-1])) if words else None
