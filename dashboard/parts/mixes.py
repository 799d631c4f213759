"""Parts of how outlets write: subjects, sentences, parties, elections, spread; drawn with words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from dashboard import framing_figures, wording
from dashboard.figures import Mean
from dashboard.framing_figures import SENTENCE_COLOURS, SUBJECT_COLOURS, Whole
from dashboard.parts import charts, notices
from dashboard.parts.aria import aria
from dashboard.parts.charts import Source

SHOWN: Final = 40  # outlets a figure can carry; the rest stands in the data
COLUMNS: Final = 6  # subjects side by side that a phone can still show
SENTENCES: Final[Mapping[str, str]] = {
    "fact": "Fact",
    "quote": "Quote",
    "borderline": "Borderline",
    "opinion": "Opinion",
    "other": "Other",
}
# Topics of the codebook whose subject is what should be done, by field. Courts, government,
# foreign affairs and the like are politics too, and neither of the two.
POLICY: Final = frozenset(
    {
        "healthcare", "public_health", "abortion", "guns", "crime", "immigration", "civil_rights",
        "lgbtq_rights", "environment_and_energy", "education", "economy", "budget_and_taxes",
        "trade", "military", "civil_liberties",
    }
)  # fmt: skip
SUBJECTS: Final[Mapping[str, str]] = {
    "elections": "Elections: campaigns, candidates, polls, voting",
    "policy": "Fields of policy: health, migration, crime, taxes …",
    "rest": "Everything else",
}
PALE: Final = (
    f"Pale bars rest on fewer than {wording.N_MIN} articles: read them as examples, "
    "not as the outlet's habit."
)

GRID_NOTE: Final = (
    "In each field: the mean, half its 95 % interval, and n. Fields without colour rest on fewer "
    f"than {wording.N_MIN} articles: too few to compare."
)
ONCE: Final = (
    "Each article counts once, however long it is. A fact is a statement that could be checked, "
    "not one that was."
)
BALANCE: Final = (
    "Per article: sentences about Republicans alone less those about Democrats alone, divided by "
    "both together; then the mean over articles that have one. To be written about is neither "
    "praise nor blame."
)
CLEAR: Final = (
    f"Hollow grey marks rest on fewer than {wording.N_MIN} such articles. An outlet's own lean is "
    "called clear only where its whole interval lies on one side of zero."
)
NO_RACE: Final = (
    "The codebook has no label for the horse race, the reporting of who is ahead. Nearest is its "
    "topic Elections, which holds campaigns and polls, but voting law too."
)
ROUNDED: Final = (
    "Each article is rounded to the nearest whole number of the scale from \u22125 to +5. Two "
    "outlets can have the same mean, one from moderate articles and one from opposite extremes."
)


def by_size(wholes: Sequence[Whole]) -> list[Whole]:
    """The outlets with most articles, by name: their order says nothing of them."""
    kept = sorted(wholes, key=lambda w: (-w.n, w.name))[:SHOWN]
    return sorted(kept, key=lambda w: w.name)


def left_out(found: int) -> list[str]:
    """A note on the outlets that are not drawn."""
    left = found - SHOWN
    if left <= 0:
        return []
    return [f"The {SHOWN} outlets with most articles are drawn; {left} stand in the data."]


def subjects(
    cells: Mapping[tuple[str, str], Mean], kind: str, what: str, rests: Source
) -> Component:
    """Mean lean or tone of each outlet on each subject, as a grid with intervals."""
    if not cells:
        return notices.no_labels()
    sizes: dict[str, int] = {}
    columns: dict[str, int] = {}
    for (outlet, subject), m in cells.items():
        sizes[outlet] = sizes.get(outlet, 0) + m.n
        columns[subject] = columns.get(subject, 0) + m.n
    rows = sorted(sorted(sizes, key=lambda o: (-sizes[o], o))[:SHOWN])
    shown = sorted(columns, key=lambda c: (-columns[c], c))[:COLUMNS]
    enough = [m for (o, c), m in cells.items() if not m.few and o in rows and c in shown]
    notes = [
        GRID_NOTE,
        *left_out(len(sizes)),
    ]
    if len(columns) > COLUMNS:
        notes.append(f"The {COLUMNS} with most articles of {len(columns)} stand here.")
    drawn = charts.chart(
        framing_figures.grid(cells, rows, shown, kind=kind, what=what.capitalize()),
        title=f"Mean {kind} by outlet and {what}",
        summary=f"{wording.plural(len(enough), 'field')} with {wording.N_MIN} articles or more.",
        source=rests,
        heads=["Outlet", what.capitalize(), "n", f"Mean {kind}", "95 % from", "to"],
        rows=[
            [
                outlet,
                wording.name(subject),
                wording.count(m.n),
                wording.score(m.mean, 2),
                wording.score(m.low, 2),
                wording.score(m.high, 2),
            ]
            for (outlet, subject), m in sorted(cells.items())
            if outlet in rows
        ],
        numeric=(2, 3, 4, 5),
        notes=notes,
    )
    # Six columns need more room than a phone has: there the grid is pushed sideways.
    named = aria(label=f"Mean {kind} by outlet and {what}")
    return html.Div(drawn, className="wide-chart", tabIndex="0", role="region", **named)


def sentences(shares: Mapping[str, Mapping[str, Mean]], rests: Source) -> Component:
    """What kind of sentences an outlet's articles are made of; ``shares`` by label and outlet."""
    outlets = sorted({name for of in shares.values() for name in of})
    if not outlets:
        return no_sentences()
    wholes = [
        Whole(
            name=name,
            n=max(of[name].n for of in shares.values() if name in of),
            parts={label: of[name].mean for label, of in shares.items() if name in of},
        )
        for name in outlets
    ]
    shown = by_size(wholes)
    colours = {label: SENTENCE_COLOURS[label] for label in SENTENCES}
    enough = [w for w in shown if w.n >= wording.N_MIN]
    most = max(enough, key=lambda w: w.parts.get("opinion", 0), default=None)
    return charts.chart(
        framing_figures.mix(shown, colours, SENTENCES),
        title="What the sentences are, by outlet",
        summary=(
            f"Most opinion: {most.name}, {wording.share(most.parts.get('opinion'))} of sentences."
            if most
            else f"No outlet has {wording.N_MIN} articles yet."
        ),
        source=rests,
        heads=["Outlet", "n", *[f"{name} (95 %)" for name in SENTENCES.values()]],
        rows=[
            [
                w.name,
                wording.count(w.n),
                *[_share_of(shares.get(label, {}).get(w.name)) for label in SENTENCES],
            ]
            for w in shown
        ],
        numeric=range(1, 7),
        notes=[
            ONCE,
            *([PALE] if any(w.n < wording.N_MIN for w in shown) else []),
            *left_out(len(wholes)),
        ],
        legend=[(SENTENCES[label], colour, "square") for label, colour in colours.items()],
    )


def _share_of(m: Mean | None) -> str:
    if m is None:
        return wording.NONE
    return f"{wording.share(m.mean)} ({wording.share(m.low)} to {wording.share(m.high)})"


def no_sentences() -> Component:
    """Articles are labelled, their sentences are not."""
    return notices.notice(
        "No sentence of these articles is labelled",
        "Not every labelling run asks about sentences. Choose another run, or fewer filters.",
    )


def parties(balance: Sequence[Mean], lean: Mapping[str, Mean], rests: Source) -> Component:
    """Whom the sentences about one party are about, beside the outlet's own measured lean."""
    if not balance:
        return notices.notice(
            "No sentence about one party",
            "None of these articles has a labelled sentence about Democrats or about Republicans "
            "alone.",
        )
    kept = sorted(balance, key=lambda m: (-m.n, m.name))[:SHOWN]
    shown = sorted(kept, key=lambda m: (m.few, m.name))
    known = [m for m in shown if not m.few and own_side(lean.get(m.name))]
    other = [m for m in known if (m.mean < 0) == (own_side(lean.get(m.name)) == "right")]
    said = (
        f"{len(other)} of {wording.plural(len(known), 'outlet')} whose own lean is clear "
        "write more about the other side."
        if known
        else f"No outlet has both a clear lean of its own and {wording.N_MIN} such articles, so "
        "own and other party cannot be told apart: read Democrats and Republicans."
    )
    return charts.chart(
        framing_figures.balance(shown),
        title="Which party the sentences are about, by outlet",
        summary=said,
        source=rests,
        heads=["Outlet", "n", "Balance", "95 % from", "to", "Its own lean"],
        rows=[
            [
                m.name,
                wording.count(m.n),
                wording.score(m.mean, 2),
                wording.score(m.low, 2),
                wording.score(m.high, 2),
                own_side(lean.get(m.name)) or "not clear",
            ]
            for m in shown
        ],
        numeric=(1, 2, 3, 4),
        notes=[
            html.B(said),
            BALANCE,
            CLEAR,
            *left_out(len(balance)),
        ],
    )


def own_side(mean: Mean | None) -> str | None:
    """The side an outlet's own articles lean to, where enough of them say so clearly."""
    if mean is None or mean.few or mean.low is None or mean.high is None:
        return None
    if mean.high < 0:
        return "left"
    return "right" if mean.low > 0 else None


def race(counts: Mapping[str, Mapping[str, int]], rests: Source) -> Component:
    """Elections against fields of policy, of each outlet's articles; ``counts`` by topic."""
    wholes = []
    for outlet, of in counts.items():
        n = sum(of.values())
        policy = sum(count for topic, count in of.items() if topic in POLICY)
        elections = of.get("elections", 0)
        wholes.append(
            Whole(
                name=outlet,
                n=n,
                parts={
                    "elections": elections / n,
                    "policy": policy / n,
                    "rest": (n - policy - elections) / n,
                },
            )
        )
    if not wholes:
        return notices.no_labels()
    shown = by_size(wholes)
    n = sum(w.n for w in wholes)
    elections, policy = (
        sum(round(w.n * w.parts[part]) for w in wholes) for part in ("elections", "policy")
    )
    said = (
        f"Of {wording.plural(n, 'article')}, {wording.count(elections)} are about elections "
        f"and {wording.count(policy)} about a field of policy."
    )
    return charts.chart(
        framing_figures.mix(shown, SUBJECT_COLOURS, SUBJECTS),
        title="Elections against policy, by outlet",
        summary=said,
        source=rests,
        heads=["Outlet", "n", "Elections", "Policy", "Everything else"],
        rows=[
            [w.name, wording.count(w.n), *[wording.share(w.parts[part]) for part in SUBJECTS]]
            for w in shown
        ],
        numeric=(1, 2, 3, 4),
        notes=[
            html.B(said),
            NO_RACE,
            *([PALE] if any(w.n < wording.N_MIN for w in shown) else []),
            *left_out(len(wholes)),
        ],
        legend=[(SUBJECTS[part], colour, "square") for part, colour in SUBJECT_COLOURS.items()],
    )


def spread(counts: Mapping[str, Mapping[int, int]], kind: str, rests: Source) -> Component:
    """How an outlet's articles spread over the scale, not only where their mean is."""
    wholes = [
        Whole(
            name=outlet,
            n=sum(of.values()),
            parts={str(b): count / sum(of.values()) for b, count in of.items()},
        )
        for outlet, of in counts.items()
        if sum(of.values())
    ]
    if not wholes:
        return notices.no_labels()
    bins = sorted({b for of in counts.values() for b in of})
    names = {str(b): wording.score(b, 0) for b in bins}
    shown = by_size(wholes)
    colours = framing_figures.ramp(bins, kind)
    legend: list[tuple[Any, str, str]] = [(names[b], colours[b], "square") for b in names]
    return charts.chart(
        framing_figures.mix(shown, colours, names),
        title=f"Spread of {kind} by outlet",
        summary=f"{wording.plural(len(shown), 'outlet')}, from {names[str(bins[0])]} to "
        f"{names[str(bins[-1])]}.",
        source=rests,
        heads=["Outlet", "n", *names.values()],
        rows=[
            [w.name, wording.count(w.n), *[wording.share(w.parts.get(b, 0.0)) for b in names]]
            for w in shown
        ],
        numeric=range(1, len(names) + 2),
        notes=[
            ROUNDED,
            *([PALE] if any(w.n < wording.N_MIN for w in shown) else []),
            *left_out(len(wholes)),
        ],
        legend=legend,
    )
