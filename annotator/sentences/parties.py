"""Mentions of the two US parties in the sentences of one article: words, figures, offices.

Whole words only. A last name counts where it is well known or where the article gives the full
name, and not after a stranger's first name. Members of Congress and governors who are on no list
are learned from how the article introduces them. The White House and the president stand for the
party in office, by the date or by whom the article calls president; else for nobody.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PARTIES_PATH = Path(__file__).with_name("parties.toml")
PARTIES = ("democrat", "republican")

TITLE = (
    r"(?:President|Vice President|Vice-President|Senators?|Sens?\.?|Representatives?|Reps?\.?|"
    r"Govs?\.?|Governors?|Congress(?:man|woman)|Speaker|Secretary|Attorney General|Mayor|Leader|"
    r"Whip|Justice|Chairman|Chairwoman|Chair|Minority|Majority|First Lady|Candidate|Nominee|"
    r"Lt\.?|Mr\.?|Mrs\.?|Ms\.?|Dr\.?|Republican|Democrat|Democratic|GOP|Former|Ex-President)"
)
# Capitalised words that may stand before a last name without being a first name.
PLAIN_BEFORE = (
    "the a an and but or nor so yet for after before when while as if since because although "
    "though until unless once like unlike with without both neither either that this these "
    "those then now on in at by to from of about against under over during despite did does do "
    "is was are were has had have will would can could should may might must what why how where "
    "who whom which whether even only also still just not yes no today yesterday tomorrow later "
    "earlier meanwhile however instead asked said says told monday tuesday wednesday thursday "
    "friday saturday sunday january february march april may june july august september october "
    "november december anti pro vote democratic republican republicans democrats gop incumbent "
    "candidate candidates nominee team maga u.s us american america"
)
LAST_NAME = r"(?:[A-Z][\w’'-]+(?:\s(?:de|Van|Taylor|Cortez|Lance|Paulina|Jackson)\s?[A-Z][\w’-]+)?)"
PERSON = rf"(?:[A-Z][\w.’'-]*\s){{1,3}}(?P<last>{LAST_NAME})"
MARK = r"\(?\s?(?P<party>[DR])\s?(?:[-–—.,]|\.,)\s?[A-Z]"
INTRODUCED = (
    re.compile(rf"{PERSON},?\s{MARK}"),
    re.compile(rf"(?:^|\s)(?P<last>{LAST_NAME}),?\s\((?P<party>[DR])[-–.,]"),
    re.compile(
        rf"\b(?P<party>Republican|Democratic|GOP)\s(?:\w+\s){{0,3}}?"
        rf"(?:{TITLE}\s|nominee\s|candidate\s|strategist\s)+{PERSON}"
    ),
    re.compile(rf"{PERSON},\s(?:an?|the)\s(?:[a-z-]+\s){{0,3}}(?P<party>Republican|Democrat)"),
)
PRESIDENT = re.compile(
    r"(?P<past>(?:[Ff]ormer|[Tt]hen-?|[Ee]x-?|[Vv]ice)[\s-]+(?:U\.?S\.?\s)?)?\b(?P<title>President)\s"
    r"(?:[A-Z][\w.]*\s){0,2}?(?P<last>[A-Z][\w’'-]+)"
)
OFFICE = re.compile(
    r"\b(?:White House|Oval Office|West Wing|Air Force One|(?:the|his|her) administration|"
    r"administration officials?)\b"
)
THE_PRESIDENT = re.compile(
    r"(?<![\w-])(?:[Tt]he|[Oo]ur) [Pp]resident(?! of (?!the U))(?:'s|’s)?(?!\w)"
)
DAY = {"from": date.min, "to": date.max}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """One mention: where it starts in its sentence, whose it is, and whether only an office is."""

    at: int
    party: str
    office: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Figure:
    name: str
    last: str
    party: str
    start: date
    end: date

    def holds(self, on: date | None) -> bool:
        return on is None or self.start <= on < self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lists:
    words: dict[str, re.Pattern[str]]
    figures: tuple[_Figure, ...]
    firsts: dict[str, frozenset[str]]
    alone: frozenset[str]
    administrations: tuple[_Figure, ...]
    names: re.Pattern[str]
    digest: str


def mentions(sentences: Sequence[str], on: date | None = None) -> list[list[Mention]]:
    """The mentions in each sentence of one article, in order of their place."""
    lists = _lists()
    whole = "\n".join(sentences)
    known = _known(whole, on)
    office = in_office(whole, on)
    foreign = _foreign(whole)
    pattern = _last_names(frozenset(known)) if known else None
    found = []
    for sentence in sentences:
        here = [
            Mention(at=match.start(), party=party, office=False)
            for party in PARTIES
            for match in lists.words[party].finditer(sentence)
        ]
        if pattern is not None:
            here += _named(sentence, pattern, known)
        if office is not None:
            here += [
                Mention(at=match.start(), party=office, office=True)
                for match in OFFICE.finditer(sentence)
            ]
            if not foreign:
                here += [
                    Mention(at=match.start(), party=office, office=True)
                    for match in THE_PRESIDENT.finditer(sentence)
                ]
        found.append(sorted(here, key=lambda mention: mention.at))
    return found


def in_office(text: str, on: date | None) -> str | None:
    """The party in the White House: by the date, else by whom the text calls president, or None."""
    lists = _lists()
    if on is not None:
        held = [spell.party for spell in lists.administrations if spell.holds(on)]
        return held[0] if held else None
    presidents = {spell.last: spell.party for spell in lists.administrations}
    now = [
        presidents[match["last"].removesuffix("'s").removesuffix("’s")]
        for match in PRESIDENT.finditer(text)
        if not match["past"] and match["last"].removesuffix("'s").removesuffix("’s") in presidents
    ]
    if now:
        return max(PARTIES, key=now.count) if len(set(now)) == 1 else _clear_winner(now)
    for last, party in presidents.items():
        if re.search(rf"\b{last} (?:[Aa]dministration|White House)\b", text):
            return party
    return None


def digest() -> str:
    """Short hash of the lists."""
    return _lists().digest


def _clear_winner(now: Sequence[str]) -> str | None:
    best = max(PARTIES, key=now.count)
    return best if now.count(best) > 2 * (len(now) - now.count(best)) else None


def _foreign(text: str) -> bool:
    """Whether the article calls somebody president who never was one of the United States."""
    ours = {spell.last for spell in _lists().administrations}
    ours |= {"Reagan", "Nixon", "Ford", "Carter", "Kennedy", "Johnson", "Lincoln", "Roosevelt"}
    return any(
        not match["past"] and re.sub(r"['’]s$", "", match["last"]) not in ours
        for match in PRESIDENT.finditer(text)
    )


def _known(text: str, on: date | None) -> dict[str, str]:
    """Last names that count in this article, with their party; a name of both sides is left out."""
    lists = _lists()
    full = {match[0] for match in lists.names.finditer(text)}
    parties: dict[str, set[str]] = {}
    for figure in lists.figures:
        if figure.holds(on) and (figure.last in lists.alone or figure.name in full):
            parties.setdefault(figure.last, set()).add(figure.party)
    for pattern in INTRODUCED:
        for match in pattern.finditer(text):
            last = re.sub(r"['’]s$", "", match["last"])
            party = "democrat" if match["party"][0] == "D" else "republican"
            if last not in lists.alone:
                parties.setdefault(last, set()).add(party)
    return {
        last: min(sides)
        for last, sides in parties.items()
        if len(sides) == 1 and not _of_a_stranger(text, last)
    }


def _of_a_stranger(text: str, last: str) -> bool:
    """Whether the article gives the last name to others only: after `Tom Harris`, Harris is Tom."""
    ours = _lists().firsts.get(last)
    before = {match[1] for match in re.finditer(rf"([\w.’'-]+)\s{re.escape(last)}(?!\w)", text)}
    first_names = {word for word in before if not _plain(word)}
    return bool(ours and first_names and first_names.isdisjoint(ours))


def _named(sentence: str, pattern: re.Pattern[str], known: dict[str, str]) -> Iterator[Mention]:
    firsts = _lists().firsts
    for match in pattern.finditer(sentence):
        last = match["last"]
        before = re.search(r"([\w.’'-]+)\s$", sentence[: match.start()])
        word = before[1] if before else ""
        if _plain(word) or last not in firsts or word in firsts[last]:
            yield Mention(at=match.start(), party=known[last], office=False)


def _plain(word: str) -> bool:
    """Whether the word before a last name is no first name."""
    return (
        not word
        or not word[0].isupper()
        or word.lower().rstrip(".") in PLAIN_BEFORE.split()
        or re.fullmatch(TITLE, word) is not None
        or len(word.rstrip(".")) == 1
        or word.endswith(("’s", "'s"))
    )


@cache
def _last_names(names: frozenset[str]) -> re.Pattern[str]:
    longest_first = sorted(names, key=lambda name: (-len(name), name))
    one_of = "|".join(map(re.escape, longest_first))
    return re.compile(rf"(?<![\w-])(?P<last>{one_of})(?![\w]|-[A-Z])")


@cache
def _lists() -> _Lists:
    raw = PARTIES_PATH.read_bytes()
    data: dict[str, Any] = tomllib.loads(raw.decode())
    figures = [
        _figure({"name": name, "party": party})
        for party in PARTIES
        for name in data["figures"][party]
    ]
    figures += [_figure(entry) for entry in data["changed"]]
    terms = [_figure({**entry, "name": entry["president"]}) for entry in data["administrations"]]
    firsts: dict[str, set[str]] = {}
    for figure in figures:
        firsts.setdefault(figure.last, set()).update(figure.name.split()[:-1])
    names = sorted({figure.name for figure in figures}, key=lambda name: (-len(name), name))
    return _Lists(
        words={
            party: re.compile(rf"(?<![\w-])(?:{'|'.join(data['words'][party])})(?!\w)")
            for party in PARTIES
        },
        figures=tuple(figures),
        firsts={last: frozenset(words) for last, words in firsts.items()},
        alone=frozenset(data["last_names"]["alone"]),
        administrations=tuple(terms),
        names=re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, names))})(?!\w)"),
        digest=hashlib.sha256(raw).hexdigest()[:12],
    )


def _figure(entry: dict[str, Any]) -> _Figure:
    name: str = entry["name"]
    return _Figure(
        name=name, last=_last(name), party=entry["party"],
        start=entry.get("from", date.min), end=entry.get("to", date.max),
    )  # fmt: skip


def _last(name: str) -> str:
    words = name.removesuffix(" Jr").split()
    return words[-1]
