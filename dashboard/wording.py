"""How numbers, times and labels are spelt, and what each label does and does not mean."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

N_MIN: Final = 30  # below this many articles an average is shown greyed and never ranked
MINUS: Final = "\N{MINUS SIGN}"
NONE: Final = "\N{EM DASH}"

STAGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "lean": "Lean",
        "tone": "Tone",
        "category": "Category",
        "topic": "Topic",
        "subtopic": "Subtopic",
        "news_type": "Type of article",
        "takeaways": "Takeaways",
        "sentence_type": "Type of a sentence",
        "sentence_tone": "Tone of a sentence",
        "sentence_focus": "Focus of a sentence",
    }
)

CAVEATS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "lean": (
            "Lean says whose concerns and viewpoints the wording resembles, left or right in the "
            "politics of the United States. It does not say that an article is false, unfair or "
            "written to persuade, and it is no rating of the outlet. The model knows only left, "
            "center and right; the number is the balance of those three."
        ),
        "headline_lean": (
            "The same model read the headline alone. It was trained on whole articles and nobody "
            "has measured how well it does on a line this short: read it as a hint."
        ),
        "tone": (
            "Tone says how negative or positive the language is. Grim news told plainly still "
            "reads as negative; tone is neither approval nor bias."
        ),
        "category": "The broad field the article belongs to, as far as its words show it.",
        "topic": (
            "The subject the words resemble most. An article that has several subjects still gets "
            "one topic, so look at the runners-up."
        ),
        "news_type": (
            "Whether it reads as a report or as an opinion. It does not judge whether statements "
            "are true."
        ),
        "subtopic": "The part of the topic that the words resemble most.",
        "takeaways": (
            "What a model says the article says. It may leave out or overstate: read the article."
        ),
        "sentence_type": (
            "Whether a sentence could be checked, judges, or gives the words of others. A fact is "
            "a statement that could be proved true or false; nobody has checked that it is true."
        ),
        "sentence_tone": "How negative or positive the words of one sentence are.",
        "sentence_focus": (
            "Whether a sentence is about Democrats, Republicans, both or neither. It does not say "
            "how it speaks of them."
        ),
    }
)

SPELT: Final[Mapping[str, str]] = MappingProxyType({"lgbtq_rights": "LGBTQ rights"})

MAPPED3: Final = (
    "mapped3: predicted from left / center / right, then placed at \N{MINUS SIGN}3, 0 and +3; the "
    "score is the balance of the three and cannot reach the ends of the scale"
)


def count(value: float | None) -> str:
    """12345 → ``12,345``."""
    return NONE if value is None else f"{value:,.0f}"


def plural(value: int, one: str, many: str | None = None) -> str:
    """``1 article``, ``1,204 articles``."""
    return f"{count(value)} {one if value == 1 else many or one + 's'}"


def score(value: float | None, digits: int = 1) -> str:
    """A value on the −5 … +5 scales with its sign; zero has none."""
    if value is None:
        return NONE
    spelt = f"{abs(value):.{digits}f}"
    if float(spelt) == 0:
        return spelt
    return f"{MINUS if value < 0 else '+'}{spelt}"


def share(value: float | None) -> str:
    """A probability or a share as a percentage."""
    if value is None:
        return NONE
    if 0 < value < 0.01:
        return "< 1 %"
    return f"{value * 100:.0f} %"


def side(value: float | None) -> str:
    """A lean in words, by the five buckets of the Media Bias Detector."""
    return _bucket(
        value,
        ("leans left", "leans somewhat left", "center", "leans somewhat right", "leans right"),
    )


def mood(value: float | None) -> str:
    """A tone in words, by the same buckets."""
    return _bucket(value, ("very negative", "negative", "neutral", "positive", "very positive"))


def _bucket(value: float | None, names: tuple[str, str, str, str, str]) -> str:
    if value is None:
        return "not labelled"
    edges = (-3.5, -1.5, 1.5, 3.5)  # halfway between the integer classes of the published scale
    return names[sum(value > edge for edge in edges)]


def name(value: str | None) -> str:
    """``news_report`` → ``News report``; names that carry capitals stay as they are."""
    if not value:
        return NONE
    if value in SPELT:
        return SPELT[value]
    spaced = value.replace("_", " ").replace("-", " ") if value.islower() else value
    return spaced[:1].upper() + spaced[1:]


def moment(value: str | None) -> datetime | None:
    """An RFC 3339 time of the API as an aware UTC datetime."""
    if not value:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def day(value: str | None) -> str:
    """``14 Nov 2026``."""
    found = moment(value)
    return NONE if found is None else f"{found.day} {found:%b %Y}"


def time(value: str | None) -> str:
    """``14 Nov 2026, 10:32 UTC``."""
    found = moment(value)
    return "no date given" if found is None else f"{found.day} {found:%b %Y, %H:%M} UTC"


def age(value: str | None, now: datetime) -> str:
    """A time and how long ago it was: ``14 Nov 2026, 10:32 UTC (3 hours ago)``."""
    found = moment(value)
    if found is None:
        return time(value)
    hours = (now - found).total_seconds() / 3600
    if hours < 0:
        return f"{time(value)} (in the future)"
    if hours < 1:
        ago = plural(int(hours * 60), "minute")
    elif hours < 48:
        ago = plural(int(hours), "hour")
    else:
        ago = plural(int(hours / 24), "day")
    return f"{time(value)} ({ago} ago)"


def span(first: str | None, last: str | None) -> str:
    """The days between two times, as short as it can be said."""
    begin, end = moment(first), moment(last)
    if begin is None or end is None:
        return day(first or last)
    if begin.date() == end.date():
        return day(last)
    if (begin.year, begin.month) == (end.year, end.month):
        return f"{begin.day}\N{EN DASH}{day(last)}"
    if begin.year == end.year:
        return f"{begin.day} {begin:%b} \N{EN DASH} {day(last)}"
    return f"{day(first)} \N{EN DASH} {day(last)}"


def made_by(run: Mapping[str, str] | None) -> str:
    """Whose labels these are: ``Labels of the run 3f1c9a0b: embedded, codebook v1``."""
    if run is None:
        return "No labelling run has started yet."
    return (
        f"Labels of the run {run['run_id'][:8]}: {run['labeller']}, "
        f"codebook {run['codebook_version']}."
    )


def digest(value: str | None) -> str:
    """The beginning of a digest, for the eye."""
    return value[:10] if value else NONE


def inert(text: str) -> str:
    """Text for Plotly, with the characters it would read as markup made harmless."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def shortened(text: str, width: int = 90) -> str:
    """The beginning of a text for a small place."""
    return text if len(text) <= width else text[: width - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}"
