"""What two versions of the codebook differ in, question by question and label by label."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from annotator.codebook.loader import Codebook, Question


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference. `label` and `field` are None where the whole question, or label, differs."""

    kind: Literal["added", "removed", "changed"]
    question: str
    label: str | None = None
    field: str | None = None
    before: Any = None
    after: Any = None


def changes(old: Codebook, new: Codebook) -> list[Change]:
    """From the old to the new, in the order of the files; empty where the words are the same."""
    found: list[Change] = []
    for name in (*old.questions, *(n for n in new.questions if n not in old.questions)):
        if name not in new.questions:
            found.append(Change(kind="removed", question=name))
        elif name not in old.questions:
            found.append(Change(kind="added", question=name))
        else:
            found.extend(_of_question(old.questions[name], new.questions[name]))
    return found


def _of_question(old: Question, new: Question) -> Iterator[Change]:
    before, after = (q.model_dump(mode="json", exclude={"labels"}) for q in (old, new))
    yield from _fields(old.id, None, before, after)
    was, now = ({label.id: label for label in q.labels} for q in (old, new))
    for name in (*was, *(n for n in now if n not in was)):
        if name not in now:
            yield Change(kind="removed", question=old.id, label=name)
        elif name not in was:
            yield Change(kind="added", question=old.id, label=name)
        else:
            dumps = (side[name].model_dump(mode="json") for side in (was, now))
            yield from _fields(old.id, name, *dumps)


def _fields(
    question: str, label: str | None, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[Change]:
    for field, value in before.items():
        if value != after[field]:
            yield Change(
                kind="changed", question=question, label=label, field=field,
                before=value, after=after[field],
            )  # fmt: skip
