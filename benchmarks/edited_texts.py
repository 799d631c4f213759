"""Texts as others print them: edits of a text by kind, and pages filled in from a template.

Nothing here is tuned on what is measured: every edit is drawn by a seed, the templates are written
for this file.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from newsroom.text import sentences

_WORD = re.compile(r"\w+(?:['’\-]\w+)*")
FURNITURE = (
    "Sign up for our morning newsletter and never miss a story. Follow us on every platform you "
    "can think of. This newspaper belongs to its readers and lives on their subscriptions. Got a "
    "tip? Write to the desk; letters may be shortened. All rights reserved, and no part of this "
    "page may be printed again without the consent of the publisher and the people who made it."
)


@dataclass(frozen=True, slots=True)
class Source:
    """What an edit may draw from: words of the corpus, and sentences of another text."""

    vocabulary: Sequence[str]
    stranger: str


Edit = Callable[[str, Source, random.Random], str]


def words_replaced(share: float) -> Edit:
    """That share of the words replaced by words of the corpus."""

    def edit(text: str, source: Source, chance: random.Random) -> str:
        return _WORD.sub(
            lambda m: chance.choice(source.vocabulary) if chance.random() < share else m.group(),
            text,
        )

    return edit


def paragraph_dropped(text: str, _: Source, chance: random.Random) -> str:
    """One stretch of an eighth of the sentences gone."""
    parts = _sentences(text)
    gone = max(1, len(parts) // 8)
    start = chance.randrange(1, max(2, len(parts) - gone))
    return " ".join(parts[:start] + parts[start + gone :])


def lede_rewritten(text: str, source: Source, _: random.Random) -> str:
    """The first sentence written anew."""
    return " ".join(_sentences(source.stranger)[:1] + _sentences(text)[1:])


def furniture_added(text: str, _: Source, __: random.Random) -> str:
    """The outlet's own lines behind the text."""
    return f"{text}\n{FURNITURE}"


def retouched(text: str, _: Source, __: random.Random) -> str:
    """A dateline in front, other quotation marks and dashes, the end marked."""
    plain = text.translate(str.maketrans({"“": '"', "”": '"', "’": "'", "—": "-", "–": "-"}))
    return f"PORT HALDANE (MW) — {plain}\n___\nMore news at the wire's own site."


def cut_to(share: float) -> Edit:
    """The first sentences only, as a paper cuts an agency's text to the room it has."""

    def edit(text: str, _: Source, __: random.Random) -> str:
        parts = _sentences(text)
        return " ".join(parts[: max(1, round(share * len(parts)))])

    return edit


def reordered(text: str, _: Source, chance: random.Random) -> str:
    """The sentences in groups of three, the groups in another order."""
    parts = _sentences(text)
    groups = [parts[i : i + 3] for i in range(0, len(parts), 3)]
    chance.shuffle(groups)
    return " ".join(s for group in groups for s in group)


EDITS: dict[str, Edit] = {
    "1 % of words": words_replaced(0.01),
    "3 % of words": words_replaced(0.03),
    "6 % of words": words_replaced(0.06),
    "10 % of words": words_replaced(0.10),
    "retouched": retouched,
    "paragraph dropped": paragraph_dropped,
    "lede rewritten": lede_rewritten,
    "furniture added": furniture_added,
    "reordered": reordered,
    "cut to 80 %": cut_to(0.8),
    "cut to 50 %": cut_to(0.5),
}
PROMISED = "3 % of words"


def templated(count: int, seed: int) -> list[str]:
    """Pages of one form with other names and numbers: no copies of each other."""
    chance = random.Random(seed)
    return [_filled(TEMPLATES[i % len(TEMPLATES)], chance) for i in range(count)]


def _filled(template: str, chance: random.Random) -> str:
    drawn = {
        "name": lambda: chance.choice(FIRST) + " " + chance.choice(LAST),
        "last": lambda: chance.choice(LAST),
        "town": lambda: chance.choice(TOWNS),
        "firm": lambda: chance.choice(LAST) + " " + chance.choice(FIRMS),
        "day": lambda: chance.choice(DAYS),
        "n": lambda: str(chance.randint(1, 99)),
        "year": lambda: str(chance.randint(1925, 2025)),
    }
    return re.sub(r"\{(\w+)\}", lambda m: drawn[m[1]](), template)


def _sentences(text: str) -> list[str]:
    return [text[a:b] for a, b in sentences(text)]


DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
FIRST = re.findall(
    r"\w+",
    "Ada Bela Cora Dion Edda Finn Gero Hale Ines Jory Kaja Lino Mira Nils Orla Pell Rosa Sven "
    "Tilda Uma Vera Wim Yara Zeno",
)
LAST = re.findall(
    r"\w+",
    "Abelone Bramhall Cutterby Dunmarsh Ellering Farrowgate Grimsby Holloway Inchcape Jarrowby "
    "Kettlewick Lomond Merrivale Northcote Oakhanger Penhallow Quillfeather Rasmussen Stavely "
    "Thornbury Underhill Varley Wetherby Yarrow",
)
TOWNS = re.findall(
    r"\w+",
    "Aldermoor Brackwater Castlegate Dunvale Eastmere Fernhollow Greywick Harrowfield Ivybridge "
    "Kingsferry Larkhill Millhaven Netherby Oxmoor Pinecrest Quarrystone Redcliff Southwold "
    "Tidewater Upperton Violet Westering Yewdale Zennor",
)
FIRMS = ("Holdings", "Industries", "Foods", "Rail", "Energy", "Software", "Shipping", "Glass")
# A company's quarter, the weather, somebody who died, a match; the last two change least.
_FORMS = """
{firm} on {day} reported a profit of ${n} million in its latest quarter. The {town} company said
that it earned {n} cents a share. The results beat what analysts expected, who had forecast {n}
cents a share on average. The company, which is led by {name}, posted revenue of ${n} million in
the period. For the current quarter, {firm} said that it expects revenue between ${n} million
and ${n} million. Its shares have risen {n} percent since the beginning of the year and closed
at ${n}.{n}, an increase of {n} percent over the last twelve months.

{town} will be mostly cloudy on {day}, with a high near {n} degrees and a low around {n}. Winds
from the west will reach {n} miles an hour, with gusts of up to {n}. The chance of rain is {n}
percent. In {town} and {town}, fog is possible before sunrise. On {day} it will be sunny with a
high near {n}. The river at {town} stands at {n} feet, {n} below flood stage. The record high
for the date is {n}, set in {year}; the record low is {n}, set in {year}.

{name}, of {town}, died on {day} at the age of {n} after a short illness. {last} was born in
{town} in {year}, a child of {name} and {name}, and worked for {n} years at {firm} in {town}. In
{year} the marriage to {name} took place, who survives. Also surviving are two children, {name}
and {name}, of {town}, and {n} grandchildren. Visiting hours will be held on {day} at the {last}
funeral home in {town}. In lieu of flowers, donations may be made to the library of {town}.

{town} beat {town} {n}-{n} on {day} night in front of {n} thousand people. {name} led the
winners with {n} points and {n} rebounds, and {name} added {n}. For {town}, {name} scored {n}
points, of which {n} came in the last quarter. {town} led {n}-{n} at the half and did not give
the lead away. It was the {n}th win of the season for the team, which plays {town} on {day}.
{town} has lost {n} of its last {n} games away from home and meets {town} next.

The river at {town} stood at {n} centimetres on {day} morning and is expected to fall slowly until
the end of the week. No warning is in force. Readings are taken every hour by an automatic station
below the old bridge and are checked by hand once a day. A reading above the first mark means that
paths along the bank may be under water; above the second, cellars near the bank may be flooded;
above the third, people who live in the low streets should leave when they are told to do so. The
duty officer is {name}. Whoever sees damage to a dyke or a gauge is asked to call the river office
at any hour, and to stay away from the water until somebody comes.

The winning numbers in the evening drawing of the state lottery on {day} were {n}, {n}, {n} and {n}.
The estimated jackpot was not won and will be carried over to the next drawing. Tickets may be
bought until an hour before the balls are drawn, at any shop that shows the green sign. A prize
that is not claimed within half a year falls to the fund for schools and playgrounds. Players must
be of age, and nobody should play with money that is needed for something else. Help for those who
cannot stop is free, confidential and open day and night. The drawing was supervised by {name}, a
notary from {town}, and nothing out of the ordinary happened.
"""
TEMPLATES = tuple(" ".join(form.split()) for form in _FORMS.strip().split("\n\n"))
