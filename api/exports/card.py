"""``README.md``, which is also a dataset card (Hugging Face's YAML head), and ``CITATION.cff``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from api.exports import dictionary, wording
from api.exports.facts import Facts
from newsroom.store.exporting.snapshots import File

# Hugging Face's classes of size.
_SIZES: Final = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
    (100_000_000, "10M<n<100M"),
)


def readme(facts: Facts, data: Sequence[File]) -> str:
    """The whole page."""
    plan = facts.plan
    filters = (
        json.dumps(plan.filters, ensure_ascii=False, sort_keys=True) if plan.filters else "none"
    )
    span = facts.span
    between = (
        f"{span['articles']} articles of {span['outlets']} outlets, "
        f"{_day(span['first_at'])} to {_day(span['last_at'])}"
        if span["articles"]
        else "no articles"
    )
    parts = [
        _head(facts, data),
        f"# {facts.title}\n\nWhat news outlets published and how it was labelled: {between}.\n",
        *([] if span["articles"] else [wording.EMPTY + "\n"]),
        _table(
            ("what", "which"),
            [
                ("snapshot", plan.snapshot_id),
                ("as of", facts.as_of),
                ("labels of", facts.labeller),
                ("version of the ledger of events", plan.ledger_version or "not begun"),
                ("filters", f"`{filters}`"),
                ("articles taken down before", plan.taken_down),
            ],
        ),
        _again(plan.snapshot_id),
        "## Files\n",
        _table(
            ("file", "rows", "bytes", "SHA-256"),
            [(f.name, f.rows, f.size_bytes, f"`{f.sha256}`") for f in data],
        ),
        "## Licence\n\n" + wording.RIGHTS + "\n",
        "## How it was collected and labelled\n",
        f"{wording.COLLECTED}\n\n{wording.PROTOCOL} Labels of: {facts.labeller}.\n",
        "## Weights\n",
        _table(("column", "what counts the same"), list(wording.WEIGHTS.items())),
        "## Completeness\n\n" + _completeness(facts),
        "## How good the labels are\n\n" + _quality(facts),
        "## Known biases and limits\n\n"
        + "".join(f"- {line}\n" for line in (*wording.BIASES, *wording.LIMITS)),
        f"## Uses\n\n{wording.USES}\n\n{wording.PERSONAL}\n",
        "## Data dictionary\n",
        *dictionary.sections(plan.declared, level="###"),
        "## Crosswalk to the Media Bias Detector's table (arXiv 2509.25649)\n\n"
        + dictionary.crosswalk(plan.declared),
    ]
    return "\n".join(parts)


def citation(facts: Facts) -> str:
    """``CITATION.cff`` of exactly this snapshot."""
    return (
        "cff-version: 1.2.0\n"
        "message: If you use this export, cite the snapshot and the run ids of the labels.\n"
        f'title: "{facts.title}: articles, labels and events as of {facts.as_of}"\n'
        "type: dataset\n"
        f'version: "{facts.plan.snapshot_id}"\n'
        f'date-released: "{facts.as_of[:10]}"\n'
        f"license: {wording.LICENCE}\n"
        "authors:\n  - name: The Newsroom maintainers\n"
        "identifiers:\n  - type: other\n"
        f'    value: "newsroom:snapshot:{facts.plan.snapshot_id}"\n'
        "    description: Snapshot id, the digest of all that decides the bytes.\n"
    )


def _head(facts: Facts, data: Sequence[File]) -> str:
    rows = max((file.rows or 0 for file in data), default=0)
    size = next((name for limit, name in _SIZES if rows < limit), "100M<n<1B")
    languages = facts.languages or ("en",)
    configs = "".join(
        f"- config_name: {f.name.partition('.')[0]}\n  data_files: {f.name}\n" for f in data
    )
    return (
        "---\nlicense: apache-2.0\nlanguage:\n"
        + "".join(f'- "{language}"\n' for language in languages)
        + f"pretty_name: {facts.title}\nsize_categories:\n- {size}\n"
        "task_categories:\n- text-classification\nannotations_creators:\n- machine-generated\n"
        f"source_datasets:\n- original\ntags:\n- news\n- media-bias\nconfigs:\n{configs}---\n"
    )


def _again(snapshot_id: str) -> str:
    command = f"`newsroom export DIR --snapshot {snapshot_id}`"
    return f"{wording.UPKEEP} On the same installation: {command}.\n"


def _completeness(facts: Facts) -> str:
    if not facts.completeness:
        return "No day of these outlets was judged: nothing can be said of what is missing.\n"
    seen = {row["publisher"]: row["articles"] for row in facts.outlets}
    rows = [
        (r["publisher"], seen.get(r["publisher"], 0), r["days_judged"], r["days_complete"],
         r["days_kept_out"], r["days_broken"], r["days_not_crawled"])
        for r in facts.completeness
    ]  # fmt: skip
    return (
        "Days of each outlet's own time zone on which we looked, and what they were to us. A day "
        "that was not judged was not crawled.\n\n"
        + _table(
            ("outlet", "articles here", "days judged", "seen well", "kept out", "broken",
             "not crawled"),
            rows,
        )
    )  # fmt: skip


def _quality(facts: Facts) -> str:
    if not facts.measures:
        return "Nobody measured how good the labels of this run are.\n"
    rows = [
        (m["stage"], m["scope"], m["measure"], f"{m['value']} [{m['low']}, {m['high']}]",
         f"{m['n']} {m['unit']}", m["on"])
        for m in facts.measures
    ]  # fmt: skip
    return "As measured of this labeller, with 95 % intervals, never on this slice:\n\n" + _table(
        ("label", "of", "measure", "value", "n", "on"), rows
    )


def _table(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [names, ["---"] * len(names), *rows]
    return "".join(f"| {' | '.join(str(cell) for cell in line)} |\n" for line in lines)


def _day(at: Any) -> str:
    return str(at.date())
