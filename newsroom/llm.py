"""A client of OpenAI-compatible model servers (vLLM in production), and how each fault is named.

Asynchronous, because a deadline then cuts a server that drips or hangs to the second, and because
many short questions wait at the same time. One answer is at most 64 KiB, 2 MiB where it brings the
probabilities of its tokens; nothing is stored here.

llm-unreachable  Later          no connection, or it broke before the answer began
llm-timeout      Later          no whole answer within ``timeout_s``
llm-busy         Later          429 or 503, after two more tries; waits as long as the server says
llm-failed       Later          another 5xx, after two more tries
llm-cut-off      Later          the connection closed inside the answer
llm-too-large    Later          more than that came back
llm-not-openai   Later          the answer is no chat completion
llm-refused      Refused        400, 413, 422: this request will never work (a prompt too long …)
llm-key          Misconfigured  401, 403
llm-model        Misconfigured  404: the server does not serve that model
llm-model-swapped Misconfigured an answer came from another model than the one asked
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Self

import httpx2
from pydantic import SecretStr

from newsroom import ids
from newsroom.errors import Later, Misconfigured, NewsroomError, Refused
from newsroom.settings import Llm

ANSWER_MAX_BYTES = 64 * 1024
DETAILED_MAX_BYTES = 2 * 1024 * 1024  # some 100 bytes for each of 20 alternatives of 1,000 tokens
TRIES = 3
BACKOFF_S = 0.5
RETRY_AFTER_MAX_S = 10.0  # a longer wait is the work table's business
ALTERNATIVES = 20  # the most that vLLM gives by default
BUSY = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
NEVER = {
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
}
KEYS = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
# What changes from one call to the next without the model changing.
PASSING = {"created", "permission"}

Message = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """The model a server says it serves; ``revision`` is the digest of all it says of it."""

    model: str
    revision: str
    context_tokens: int | None
    described: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One token of an answer and the alternatives at its place, by natural log-probability."""

    text: str
    alternatives: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer with what it cost; ``tokens`` where log-probabilities were asked and given."""

    text: str
    finish_reason: str
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    seconds: float
    tokens: tuple[Token, ...] = ()


class Client:
    """One model behind ``base_url`` (ending in ``/v1``); use as an async context manager."""

    def __init__(self, llm: Llm) -> None:
        headers = {} if llm.key is None else {"authorization": f"Bearer {_secret(llm.key)}"}
        limits = httpx2.Limits(max_connections=llm.concurrency)
        self._llm = llm
        self._http = httpx2.AsyncClient(
            base_url=llm.base_url, headers=headers, timeout=llm.timeout_s, limits=limits
        )
        self._model = llm.model

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def served(self) -> Served:
        """What is served now. Misconfigured where the setting names none of several models."""
        listed = (await self._json("GET", "models", None)).get("data")
        models = {str(one["id"]): one for one in listed or () if isinstance(one, dict)}
        wanted = self._llm.model or (next(iter(models)) if len(models) == 1 else None)
        if wanted not in models:
            raise Misconfigured(
                "llm-model",
                f"{self._llm.base_url} serves {', '.join(models) or 'no model'}: "
                "set NEWSROOM_LLM__MODEL to one of them",
            )
        described = {k: v for k, v in models[wanted].items() if k not in PASSING}
        meta = described.get("meta")
        length = described.get("max_model_len") or (meta or {}).get("n_ctx")
        self._model = wanted
        return Served(
            model=wanted,
            revision=ids.digest("model", json.dumps(described, sort_keys=True))[:12],
            context_tokens=int(length) if length else None,
            described=described,
        )

    async def chat(
        self,
        messages: Sequence[Message],
        *,
        schema: Mapping[str, Any] | None = None,
        max_tokens: int,
        temperature: float = 0.0,
        seed: int = 0,
        alternatives: bool = False,
    ) -> Reply:
        """One answer, constrained to a JSON schema where one is given. Raises as listed above."""
        if self._model is None:
            await self.served()
        body: dict[str, Any] = {
            "model": self._model,
            "messages": list(messages),
            "max_tokens": max_tokens,
            "temperature": temperature,
            "seed": seed,
        }
        if schema is not None:
            named = {"name": "answer", "schema": schema, "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": named}
        if alternatives:
            body |= {"logprobs": True, "top_logprobs": ALTERNATIVES}
        started = time.monotonic()
        limit = DETAILED_MAX_BYTES if alternatives else ANSWER_MAX_BYTES
        answer = await self._json("POST", "chat/completions", body, limit)
        reply = _reply(answer, time.monotonic() - started)
        if answer.get("model") != self._model:
            raise Misconfigured(
                "llm-model-swapped", f"asked {self._model}, {answer.get('model')} answered"
            )
        return reply

    async def _json(
        self, method: str, path: str, body: object, limit_bytes: int = ANSWER_MAX_BYTES
    ) -> dict[str, Any]:
        for attempt in range(1, TRIES + 1):
            try:
                return await self._once(method, path, body, limit_bytes)
            except Later as error:
                last = attempt == TRIES or error.code not in {"llm-busy", "llm-failed"}
                wait = BACKOFF_S * 2 ** (attempt - 1) * random.uniform(1, 1.5)  # noqa: S311
                if error.delay_s is not None:
                    wait = error.delay_s
                if last or wait > RETRY_AFTER_MAX_S:
                    raise
                await asyncio.sleep(wait)
        raise AssertionError

    async def _once(self, method: str, path: str, body: object, limit_bytes: int) -> dict[str, Any]:
        began = False
        try:
            async with (
                asyncio.timeout(self._llm.timeout_s),
                self._http.stream(method, path, json=body) as response,
            ):
                began = True
                data = bytearray()
                async for chunk in response.aiter_bytes():
                    data += chunk
                    if len(data) > limit_bytes:
                        raise Later("llm-too-large", f"more than {limit_bytes} bytes")
        except (TimeoutError, httpx2.TimeoutException) as error:
            limit = f"{self._llm.timeout_s:g} s"
            raise Later("llm-timeout", f"no whole answer within {limit}") from error
        except httpx2.InvalidURL as error:
            raise Misconfigured("llm-address", f"{self._llm.base_url}: {error}") from error
        except httpx2.HTTPError as error:
            code = "llm-cut-off" if began else "llm-unreachable"
            raise Later(code, f"{self._llm.base_url}: {type(error).__name__} {error}") from error
        if not response.is_success:
            raise _refusal(response, bytes(data))
        try:
            found = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise Later("llm-not-openai", "the answer is not JSON") from error
        if not isinstance(found, dict):
            raise Later("llm-not-openai", "the answer is no JSON object")
        return found


def chat(llm: Llm, messages: Sequence[Message], **options: Any) -> Reply:
    """One answer for callers without a loop of their own; options as in :meth:`Client.chat`."""

    async def once() -> Reply:
        async with Client(llm) as client:
            return await client.chat(messages, **options)

    return asyncio.run(once())


def served(llm: Llm) -> Served:
    """What is served now, for callers without a loop. Raises as :meth:`Client.served` does."""

    async def once() -> Served:
        async with Client(llm) as client:
            return await client.served()

    return asyncio.run(once())


def _secret(key: SecretStr) -> str:
    return key.get_secret_value()


def _refusal(response: httpx2.Response, data: bytes) -> NewsroomError:
    status = response.status_code
    said = data[:300].decode("utf-8", "replace")
    if status in BUSY:
        return Later("llm-busy", f"HTTP {status}", delay_s=_retry_after(response))
    if status in KEYS:
        return Misconfigured("llm-key", f"HTTP {status}: set NEWSROOM_LLM__KEY")
    if status == HTTPStatus.NOT_FOUND:
        return Misconfigured("llm-model", f"HTTP 404: {said}")
    if status in NEVER:
        return Refused("llm-refused", f"HTTP {status}: {said}")
    return Later("llm-failed", f"HTTP {status}: {said}")


def _retry_after(response: httpx2.Response) -> float | None:
    given = response.headers.get("retry-after", "")
    return float(given) if re.fullmatch(r"\d{1,5}", given) else None


def _reply(answer: Mapping[str, Any], seconds: float) -> Reply:
    try:
        choice = answer["choices"][0]
        usage = answer.get("usage") or {}
        details = usage.get("prompt_tokens_details") or {}
        listed = (choice.get("logprobs") or {}).get("content") or ()
        return Reply(
            text=str(choice["message"]["content"] or ""),
            finish_reason=str(choice.get("finish_reason")),
            prompt_tokens=int(usage.get("prompt_tokens") or 0),
            completion_tokens=int(usage.get("completion_tokens") or 0),
            cached_tokens=int(details.get("cached_tokens") or 0),
            seconds=seconds,
            tokens=tuple(_token(one) for one in listed),
        )
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise Later("llm-not-openai", "the answer is no chat completion") from error


def _token(one: Mapping[str, Any]) -> Token:
    others = {str(x["token"]): float(x["logprob"]) for x in one.get("top_logprobs") or ()}
    return Token(
        text=str(one["token"]), alternatives={str(one["token"]): float(one["logprob"])} | others
    )
