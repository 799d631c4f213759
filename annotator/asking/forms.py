"""The form of each answer: one pydantic model is both the JSON schema sent and the check after.

Reason first, decision last; ``article`` repeats the marker, so that an answer to another article's
question cannot pass; evidence is sentence numbers, never words of the text.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    Strict,
    StringConstraints,
    ValidationError,
    create_model,
)

from annotator.codebook.loader import UNCLEAR
from newsroom.errors import Later

REASON_CHARS = 400
WORDS_CHARS = 800
EVIDENCE_MAX = 3
# One letter a point, so that every point is one place of the answer with its own probability.
LETTERS = "ABCDEFGHIJK"
NO_POINT = "X"

Reason = Annotated[str, StringConstraints(min_length=1, max_length=REASON_CHARS)]
Form = type[BaseModel]


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def choice(marker: str, labels: Sequence[str], sentences: int) -> Form:
    """A label with its reason, and evidence where there are sentences (0: a headline alone)."""
    return _decided(marker, sentences, "label", (*labels, UNCLEAR))


def point(marker: str, sentences: int) -> Form:
    """A point of a scale by its letter, with reason and evidence."""
    return _decided(marker, sentences, "point", (*LETTERS, NO_POINT))


def words(marker: str) -> Form:
    """An answer in words."""
    text = Annotated[str, StringConstraints(min_length=1, max_length=WORDS_CHARS)]
    return _form(marker, text=(text, ...))


def sentences(
    marker: str,
    numbers: Sequence[int],
    types: Sequence[str],
    tones: Sequence[str],
    focuses: Sequence[str],
) -> Form:
    """One entry for each of the sentences ``numbers`` (from 1), in their order and by their number.

    Each place of the list has its own form, so that a small model can neither skip nor repeat one.
    """
    fields: dict[str, Any] = {
        "type": (_one_of((*types, UNCLEAR)), ...),
        "tone": (_one_of((*tones, UNCLEAR)), ...),
        "focus": (_one_of((*focuses, UNCLEAR)), ...),
    }
    places: Any = tuple(
        create_model(f"Sentence{n}", __base__=_Answer, n=(_one_of((n,)), ...), **fields)
        for n in numbers
    )
    # JSON has lists only, which a strict tuple would refuse.
    return _form(marker, sentences=(Annotated[tuple[places], Strict(strict=False)], ...))


def schema(form: Form) -> dict[str, Any]:
    """The JSON schema that a server holds its answer to."""
    return form.model_json_schema()


def read(form: Form, text: str, finish_reason: str) -> Any:
    """The answer as a value of its form. Raises Later with the code of what is wrong with it.

    answer-cut-off: it ran into the token limit; answer-not-json; answer-for-another-article: its
    marker is another's; answer-not-in-codebook: it breaks the form (an unknown label, a sentence
    number that does not exist, a missing field).
    """
    if finish_reason == "length":
        raise Later("answer-cut-off", "the answer ran into its token limit")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Later("answer-not-json", f"not JSON: {text[:80]!r}") from error
    said = found.get("article") if isinstance(found, dict) else None
    if isinstance(said, str) and (said,) != get_args(form.model_fields["article"].annotation):
        raise Later("answer-for-another-article", f"it speaks of {said[:20]!r}")
    try:
        return form.model_validate(found)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "answer"
        raise Later("answer-not-in-codebook", f"{where}: {first['msg']}") from error


def _decided(marker: str, sentences: int, name: str, allowed: Sequence[str]) -> Form:
    fields: dict[str, Any] = {"reason": (Reason, ...)}
    if sentences:
        number = Annotated[int, Field(ge=1, le=sentences)]
        fields["evidence"] = (Annotated[list[number], Field(max_length=EVIDENCE_MAX)], ...)
    return _form(marker, **fields, **{name: (_one_of(allowed), ...)})


def _form(marker: str, **fields: Any) -> Form:
    return create_model("Answer", __base__=_Answer, article=(_one_of((marker,)), ...), **fields)


def _one_of(values: Sequence[str] | Sequence[int]) -> Any:
    return Literal[tuple(values)]
