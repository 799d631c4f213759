"""Any OpenAI-compatible endpoint as the one who remembers: prompts, the call, the answers read.

The prompt has PI-LLM's three blocks in words of our own: what to do, the stream, the question.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Self

import httpx2

from memory_lm.labs.interference_streams import Stream, Verdict, judge

Format = Literal["text", "json"]
RETRIES = 2
ANSWER_TOKENS = 2048
STREAM_STARTS = "The stream of updates begins on the line after this one."
# Short words and names cost more tokens than prose does; too high a guess only skips a point.
CHARACTERS_PER_TOKEN = 3.0

_SENTENCE = r"current value of\s+[\"'*]*{key}[\"'*]*\s+is:?\s+[\"'*]*(.+?)[\"'*]*\s*(?:[.;\n]|$)"
_COLON = r"^[\s*\-\"']*{key}[\"'*]*\s*[:=]\s*[\"'*]*(.+?)[\"'*,]*\s*[.;]?\s*$"


def prompt(told: Stream, answer: Format = "text") -> str:
    """The user message; keys are named in the order of ``asked``."""
    names = ", ".join(told.asked)
    lines = "; ".join(f"{key}: {value}" for key, value in told.updates)
    if answer == "json":
        form = "Answer with one JSON object that maps each of these keys to its value as a string."
    else:
        form = (
            "Close your answer with one sentence for each key, once and in this form: "
            "'The current value of <key> is <value>.'"
        )
    return (
        "You keep the books. In the stream below, keys are given new values again and again. "
        f"You keep track of {len(told.asked)} keys: {names}. Afterwards you are asked for the "
        f"value that each of them has then. {STREAM_STARTS}\n{lines};\n\n"
        f"What is the current, that is the last given, value of each of your keys ({names})? {form}"
    )


def answers(reply: str, keys: Sequence[str], answer: Format = "text") -> dict[str, str | None]:
    """The value a reply gives for each key, None where it gives none; the last mention counts.

    In text the asked-for sentence goes before lines of the form ``key: value``.
    """
    if answer == "json":
        found = _last_object(reply)
        folded = {str(k).casefold(): v for k, v in found.items()}
        said = {key: folded.get(key.casefold()) for key in keys}
        return {
            key: str(v) if isinstance(v, str | int | float) else None for key, v in said.items()
        }
    out: dict[str, str | None] = {}
    for key in keys:
        name = re.escape(key)
        options = re.IGNORECASE | re.MULTILINE
        hits = re.findall(_SENTENCE.format(key=name), reply, options)
        hits = hits or re.findall(_COLON.format(key=name), reply, options)
        out[key] = hits[-1].strip() if hits else None
    return out


def _last_object(reply: str) -> dict[str, object]:
    """The last JSON object in a reply, which may stand in prose or a code block."""
    decoder, found, at = json.JSONDecoder(), dict[str, object](), reply.find("{")
    while at >= 0:
        try:
            value, end = decoder.raw_decode(reply, at)
        except ValueError:
            end = at + 1
        else:
            found = value if isinstance(value, dict) else found
        at = reply.find("{", end)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back, or why nothing did: ``failed`` counts as wrong, ``skipped`` as not asked."""

    text: str = ""
    failed: str | None = None
    skipped: str | None = None


class Endpoint:
    """One model behind ``/v1/chat/completions``; ``base_url`` ends with ``/v1``."""

    def __init__(
        self,
        base_url: str,
        model: str,
        *,
        key: str | None = None,
        tokens_max: int | None = None,
        timeout_s: float = 120.0,
        seed: int = 0,
    ) -> None:
        headers = {"authorization": f"Bearer {key}"} if key else {}
        self._http = httpx2.Client(base_url=base_url, headers=headers, timeout=timeout_s)
        self.model, self.seed, self.tokens_max = model, seed, tokens_max

    def __enter__(self) -> Self:
        """Ask the endpoint how long a prompt may be, where nobody said (vLLM tells)."""
        if self.tokens_max is None:
            try:
                listed = self._http.get("models").json()["data"]
                lengths = {m["id"]: m.get("max_model_len") for m in listed}
                self.tokens_max = lengths.get(self.model)
            except (httpx2.HTTPError, ValueError, KeyError, TypeError):
                self.tokens_max = None
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def ask(self, message: str) -> Reply:
        """One answer at temperature 0; tried three times in all, client errors once."""
        needed = int(len(message) / CHARACTERS_PER_TOKEN) + ANSWER_TOKENS
        if self.tokens_max is not None and needed > self.tokens_max:
            return Reply(skipped=f"about {needed} tokens, the model takes {self.tokens_max}")
        body = {
            "model": self.model, "temperature": 0, "seed": self.seed, "max_tokens": ANSWER_TOKENS,
            "messages": [{"role": "user", "content": message}],
        }  # fmt: skip
        why = ""
        for _ in range(1 + RETRIES):
            try:
                answer = self._http.post("chat/completions", json=body)
            except httpx2.HTTPError as error:
                why = type(error).__name__
                continue
            if answer.is_success:
                return _read(answer)
            why = f"HTTP {answer.status_code}"
            if answer.status_code == 400 and "context length" in answer.text:
                return Reply(skipped="longer than the model's context")
            if answer.status_code < 500 and answer.status_code != 429:
                break
        return Reply(failed=why)


def _read(answer: httpx2.Response) -> Reply:
    try:
        text = answer.json()["choices"][0]["message"]["content"]
    except (ValueError, KeyError, IndexError, TypeError):
        return Reply(failed="not an OpenAI chat completion")
    return Reply(text=text or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """The verdicts of one prompt; ``failed`` and ``skipped`` as in Reply."""

    verdicts: Mapping[str, Verdict]
    failed: str | None = None
    skipped: str | None = None


def session(ask: Callable[[str], Reply], told: Stream, answer: Format = "text") -> Session:
    """Ask for all keys at once. A failed call leaves every key missing, a skipped one asks none."""
    reply = ask(prompt(told, answer))
    if reply.skipped is not None:
        return Session(verdicts={}, skipped=reply.skipped)
    found = answers(reply.text, told.asked, answer)
    return Session(verdicts=judge(found, told), failed=reply.failed)
