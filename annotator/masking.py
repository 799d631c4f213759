"""Take from an article what tells its outlet: names, bylines, page furniture and house style.

Used before encoding at training and at labelling alike, so that a head learns how a text leans and
not who printed it. Pure: the same text always gives the same masked text. Whole words only, so
`AP` never touches `apply`; ordinary words that are also outlets (`Time`, `The Hill`) go only where
the context shows that the outlet is meant.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

OUTLETS_PATH = Path(__file__).with_name("outlets.toml")
PLACEHOLDER = "the outlet"

SPEECH_BEFORE = (
    r"(?:told|tells|telling|reporters? (?:at|for|from|with)|interview(?:ed)? (?:with|by|on)|"
    r"according to|spoke (?:to|with)|by|reported (?:by|in)|writing (?:for|in)|statement to)"
)
SPEECH_AFTER = (
    r"(?:reported|reports|magazine|host|hosts|anchor|anchors|correspondent|contributor|"
    r"reporter|reporters|poll|columnist|editor|photo|staff|first reported)"
)

QUOTES = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "\u00a0": " ", "\u200b": ""})
ADDRESSES = re.compile(r"https?://\S+|www\.\S+|\b\S+@\S+\.\w+|(?<!\w)@\w{2,}|pic\.twitter\.com/\w+")
HONORIFICS = re.compile(r"\b(?:Mr|Mrs|Ms|Messrs)\.\s+(?=[A-Z])")
DOTTED = re.compile(r"\b(?:[A-Z]\.){2,}(?!\w)")
BYLINE = re.compile(
    r"^(?:[Bb]y|BY) [A-Z][\w.'-]+(?: [A-Z][\w.'-]+){1,3}"
    r"(?:,? (?:and|&) [A-Z][\w.'-]+(?: [A-Z][\w.'-]+){1,3})?(?:,[^\n]{0,40})?$",
    re.MULTILINE,
)
CITY_DASH = re.compile(
    r"^[A-Z][A-Z .,'-]{2,30}(?:, [A-Z][\w.]{1,12})? ?(?:—|–|--|-) ", re.MULTILINE
)
SPACES = re.compile(r"[ \t]{2,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rules:
    furniture: tuple[tuple[str, re.Pattern[str]], ...]
    lines: re.Pattern[str]
    dateline: re.Pattern[str]
    names: re.Pattern[str]
    spoken_to: re.Pattern[str]
    acting: re.Pattern[str]
    digest: str


def mask(text: str) -> str:
    """The text without what tells its outlet; a name in running text becomes `the outlet`."""
    rules = _rules()
    text = text.translate(QUOTES)
    text = ADDRESSES.sub(" ", text)
    text = _without_furniture(text, rules)
    text = rules.lines.sub("", text)
    text = BYLINE.sub("", text)
    text = rules.dateline.sub("", text)
    text = CITY_DASH.sub("", text)
    text = rules.names.sub(PLACEHOLDER, text)
    text = rules.spoken_to.sub(rf"\g<before>{PLACEHOLDER}", text)
    text = rules.acting.sub(PLACEHOLDER, text)
    text = HONORIFICS.sub("", text)
    text = DOTTED.sub(lambda found: found[0].replace(".", ""), text)
    return SPACES.sub(" ", text).strip()


def digest() -> str:
    """Short hash of the outlet list and of this file's rules, part of a labeller's revision."""
    return _rules().digest


@cache
def _rules() -> _Rules:
    data = tomllib.loads(OUTLETS_PATH.read_text(encoding="utf-8"))
    names = _any([*data["names"], *(name.upper() for name in data["names"])])
    articled, ordinary = _any(data["with_article"]), _any(data["in_attribution"])
    datelines = _any(data["datelines"])
    dash = r"\s*(?:—|–|--|-)\s+"
    furniture = tuple(map(_phrase, sorted(data["boilerplate"], key=lambda x: (-len(x), x))))
    patterns = {
        "lines": re.compile(rf"^[ \t]*{_any(data['lines'])}[ \t]*$", re.MULTILINE),
        "dateline": re.compile(
            rf"(?:^[A-Z][\w .,'-]{{0,40}})?\({datelines}\)(?:{dash})?|^{datelines}{dash}",
            re.MULTILINE,
        ),
        "names": re.compile(
            rf"(?<![\w.-])(?:(?:www\.)?(?i:{_any(data['domains'])})(?:/\S*)?"
            rf"|(?:[Tt]he )?{names}|The {articled}(?! [A-Z]))(?![\w-])"
        ),
        "spoken_to": re.compile(
            rf"\b(?P<before>{SPEECH_BEFORE} )(?:{ordinary}|the {articled})(?![\w-]| [A-Z])"
        ),
        "acting": re.compile(rf"(?<![\w-]){ordinary}(?= {SPEECH_AFTER}\b)"),
    }
    fixed = (ADDRESSES, BYLINE, CITY_DASH, HONORIFICS, DOTTED, SPACES)
    every = [*patterns.values(), *fixed, *(pattern for _, pattern in furniture)]
    source = "\n".join([PLACEHOLDER, *(pattern.pattern for pattern in every)])
    return _Rules(
        furniture=furniture, digest=hashlib.sha256(source.encode()).hexdigest()[:12], **patterns
    )


def _any(items: list[str]) -> str:
    """One alternation, longest first, so that `Fox News Channel` wins over `Fox News`."""
    longest_first = sorted(set(items), key=lambda item: (-len(item), item))
    return f"(?:{'|'.join(map(re.escape, longest_first))})"


def _without_furniture(text: str, rules: _Rules) -> str:
    """Looking for a plain part of each phrase first is eight times as fast as one large pattern."""
    lowered = text.lower()
    for part, pattern in rules.furniture:
        if part in lowered:
            text = pattern.sub(" ", text)
    return text


def _phrase(item: str) -> tuple[str, re.Pattern[str]]:
    """A phrase of page furniture: its longest plain part, and the pattern of the whole."""
    parts = item.translate(QUOTES).split("*")
    body = r"[^\n]{0,80}?".join(re.escape(part) for part in parts)
    start = r"(?<!\w)" if item[0].isalnum() else ""
    end = r"(?!\w)" if item[-1].isalnum() else ""
    return max(parts, key=len).lower(), re.compile(start + body + end, re.IGNORECASE)
