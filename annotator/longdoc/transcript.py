"""Made-up hearings of any length with exact gold: who speaks every quoted sentence.

From a seed and our own word lists. It has what makes attribution hard over chunk borders: long
turns whose speaker is named once, "she added", a return by pronoun alone, roles for names,
quotations over several paragraphs, other people named inside of quotations and in narration.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Literal

from newsroom.text import sentences


def _words(text: str) -> list[str]:
    return text.split()


def _listed(text: str) -> list[str]:
    return text.split("|")


_SHE = _words("Orwell Marin Okafor Lindqvist Haddad Castellan Nakata Brandt Ferreira Whitlock")
_HE = _words("Pell Ibarra Thornbury Osei Kowalski Renner Dacosta Achterberg Sandoval Muir")
_FIRST = {
    "she": _words("Dana Ruth Amara Ingrid Leila Paula Yumi Greta Sonia Harriet"),
    "he": _words("Tom Luis Edmund Kofi Marek Felix Andre Hans Diego Ewan"),
}
_ROLES = {
    "Orwell": "chair",
    "Pell": "county engineer",
    "Haddad": "union leader",
    "Renner": "auditor",
}
_THINGS = _listed(
    "the bridge|the pumping station|the north road|the school roof|the harbor wall|the bus depot|"
    "the water plant|the repair fund|the second contract|the inspection report|the flood gate|"
    "the emergency plan"
)
_DID = _listed(
    "inspected|paid for|closed|rebuilt|asked about|signed for|postponed|measured|defended"
)
_WHEN = _listed(
    "in the spring|last winter|two years ago|before the storm|after the vote|that same week|"
    "without a permit|at the end of the quarter|when the rain came"
)
_VIEWS = _listed(
    "nobody told the residents|the cost was known to all of us|it should have been safe by then|"
    "the numbers do not lie|I would sign it again|our crews worked through the night|"
    "the county cannot wait another year|this is not what was promised|there was no other way"
)
_SCENES = _listed(
    "The room fell silent for a moment.|Papers were passed along the table.|A siren passed.|"
    "The clerk turned a page.|Several people in the back row stood up.|The lights flickered twice.|"
    'A so-called "fast track" had been used for the contract.|Rain could be heard on the roof.'
)
_NODS = _listed("shook {his} head|looked at the clock|took notes|left the room for a while")
_ADDED = ("added", "said", "continued", "noted")
_SAID = ("said", "told the committee", "argued", "replied", "testified", "insisted")

Gender = Literal["he", "she"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """A hearing. ``gold`` gives the surname behind each quoted sentence, by sentence number."""

    text: str
    gold: dict[int, str]


@dataclass(slots=True)
class _Writer:
    rng: random.Random
    text: str = ""
    last: dict[str, str] = field(default_factory=dict)
    spans: list[tuple[int, int, str]] = field(default_factory=list)

    def paragraph(self, *parts: tuple[str, str | None]) -> None:
        """Parts of (words, speaker); a speaker's words are gold wherever they stand."""
        self.text += "\n" if self.text else ""
        for words, speaker in parts:
            if speaker is not None:
                self.spans.append((len(self.text), len(self.text) + len(words), speaker))
            self.text += words

    def sentence(self, cast: list[str]) -> str:
        """A sentence somebody says; one in eight speaks of another person."""
        r = self.rng
        if r.random() < 0.125:
            other = r.choice(cast)
            return f"I told {_titled(other)} that {r.choice(_VIEWS)}."
        thing, when = r.choice(_THINGS), r.choice(_WHEN)
        form = r.randrange(4)
        if form == 0:
            amount = f"${r.randrange(2, 90)}.{r.randrange(1, 10)} million"
            return f"For {thing} we had {amount} {when}, and {r.choice(_VIEWS)}."
        if form == 1:
            return f"We {r.choice(_DID)} {thing} {when}."
        if form == 2:
            return f"As for {thing}, {r.choice(_VIEWS)}."
        return f"They {r.choice(_DID)} {thing} {when}, but {r.choice(_VIEWS)}."


def _gender(name: str) -> Gender:
    return "she" if name in _SHE else "he"


def _titled(name: str) -> str:
    return f"{'Ms' if _gender(name) == 'she' else 'Mr'} {name}"


def make(words: int, seed: int) -> Transcript:
    """A hearing of at least so many words."""
    rng = random.Random(f"transcript {seed}")  # noqa: S311
    cast = rng.sample(_SHE, 7) + rng.sample(_HE, 7)
    writer = _Writer(rng)
    for name in cast:
        first = rng.choice(_FIRST[_gender(name)])
        role = _ROLES.get(name)
        shown = f"{first} {name}, the {role}, took a seat." if role else f"{first} {name} sat down."
        writer.paragraph((shown, None))
    speaker = ""
    count = 0
    while count < words:
        speaker = rng.choice([n for n in cast if n != speaker])
        before = len(writer.text)
        _turn(writer, speaker, cast)
        count += len(writer.text[before:].split())
    return Transcript(text=writer.text, gold=_gold(writer))


def _gold(writer: _Writer) -> dict[int, str]:
    gold: dict[int, str] = {}
    at = 0
    for number, (start, end) in enumerate(sentences(writer.text)):
        while at < len(writer.spans) and writer.spans[at][1] <= start:
            at += 1
        if at < len(writer.spans) and writer.spans[at][0] < end:
            gold[number] = writer.spans[at][2]
    return gold


def _turn(writer: _Writer, speaker: str, cast: list[str]) -> None:
    """One person's turn: how it is opened, then paragraphs that rarely name the speaker again."""
    rng = writer.rng
    gender = _gender(speaker)
    said = rng.choice(_SAID)
    opening = writer.sentence(cast)
    quote = f'"{opening[:-1]},"'
    style = rng.random()
    if style < 0.15 and writer.last.get(gender) == speaker:
        writer.paragraph((quote, speaker), (f" {gender} {rng.choice(('said', 'replied'))}.", None))
    elif style < 0.25 and speaker in _ROLES:
        writer.paragraph((quote, speaker), (f" the {_ROLES[speaker]} said.", None))
    elif style < 0.35:
        view = rng.choice(_VIEWS).replace(" I ", f" {gender} ")
        writer.paragraph((f"{_titled(speaker)} told the committee that {view}.", None))
    elif style < 0.5:
        writer.paragraph((f"{_titled(speaker)} said: ", None), (f'"{opening}"', speaker))
    elif style < 0.85:
        writer.paragraph((quote, speaker), (f" {_titled(speaker)} {said}.", None))
    else:
        writer.paragraph((quote, speaker), (f" said {speaker}.", None))
    writer.last[gender] = speaker
    for _ in range(1 + int(rng.expovariate(1 / 9))):
        _more(writer, speaker, cast)


def _more(writer: _Writer, speaker: str, cast: list[str]) -> None:
    rng = writer.rng
    one, two = writer.sentence(cast), writer.sentence(cast)
    style = rng.random()
    if style < 0.40:
        writer.paragraph((f'"{one}"', speaker))
    elif style < 0.58:
        tail = f" {_gender(speaker)} {rng.choice(_ADDED)}."
        writer.paragraph((f'"{one[:-1]},"', speaker), (tail, None))
    elif style < 0.66:
        writer.paragraph((f'"{one} {two}"', speaker))
    elif style < 0.74:  # over two paragraphs: the second opens again, only the last closes
        writer.paragraph((f'"{one}', speaker))
        writer.paragraph((f'"{two}"', speaker))
    elif style < 0.80:
        middle = f" {_gender(speaker)} said, "
        writer.paragraph(
            (f'"{one[:-1]},"', speaker), (middle, None), (f'"and {rng.choice(_VIEWS)}."', speaker)
        )
    elif style < 0.90:
        writer.paragraph((rng.choice(_SCENES), None))
    else:
        other = rng.choice([n for n in cast if n != speaker])
        his = "her" if _gender(other) == "she" else "his"
        writer.paragraph((f"{_titled(other)} {rng.choice(_NODS).format(his=his)}.", None))
