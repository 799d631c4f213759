"""Typed calls to /v1 over HTTP, or straight into the API when both live in one process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Self, cast
from urllib.parse import quote

import httpx2

from dashboard.shapes import Annotation, Article

Parameters = Sequence[tuple[str, str]]
Json = dict[str, Any]

TIMEOUT_S: Final = 20.0  # four times the API's own statement timeout
LIMIT_MAX: Final = 200  # the API's
OUTLET_PAGES: Final = 10  # 2,000 outlets: more than a page of controls can hold


class ApiError(Exception):
    """The API could not or would not answer.

    ``status`` is its HTTP status, or None when there was no answer at all; ``code`` and ``detail``
    are those of its problem document.
    """

    def __init__(self, code: str, detail: str, *, status: int | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.status = status


class Client:
    """The API as the pages see it. Nothing is kept between calls."""

    def __init__(self, transport: httpx2.AsyncBaseTransport | None, base_url: str) -> None:
        self._http = httpx2.AsyncClient(
            transport=transport,
            base_url=base_url,
            timeout=TIMEOUT_S,
            headers={"accept": "application/json", "accept-encoding": "identity"},
        )

    @classmethod
    def in_process(cls, app: Any) -> Self:
        """Call an ASGI application directly: no socket, no serialised detour."""
        return cls(httpx2.ASGITransport(app=app, raise_app_exceptions=False), "http://localhost")

    @classmethod
    def at(cls, base_url: str) -> Self:
        """Call an API served elsewhere."""
        return cls(None, base_url)

    async def aclose(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def get(self, route: str, parameters: Parameters = ()) -> Json:
        """One JSON object. Raises ApiError with the API's own words where it has some."""
        try:
            answer = await self._http.get(f"/v1/{route}", params=list(parameters))
        except httpx2.TimeoutException as error:
            raise ApiError("api-slow", f"no answer within {TIMEOUT_S:g} s") from error
        except httpx2.HTTPError as error:
            raise ApiError("api-down", "the API cannot be reached") from error
        try:
            body = answer.json()
        except ValueError:
            body = None
        if answer.is_success and isinstance(body, dict):
            return body
        problem = body if isinstance(body, dict) else {}
        code = str(problem.get("code") or str(problem.get("type", "")).rsplit("/", 1)[-1])
        detail = str(problem.get("detail") or problem.get("title") or answer.reason_phrase)
        raise ApiError(code or "api-failed", detail, status=answer.status_code)

    async def articles(self, parameters: Parameters) -> Json:
        """A page of articles: ``data``, ``next_cursor``, ``meta``."""
        return await self.get("articles", parameters)

    async def article(self, article_id: str, parameters: Parameters = ()) -> Json:
        """One article with its revisions."""
        return await self.get(f"articles/{_part(article_id)}", parameters)

    async def annotations(self, article_id: str) -> list[Annotation]:
        """Every label of an article in every run, but for those of single sentences."""
        answer = await self.get(f"articles/{_part(article_id)}/annotations")
        return cast("list[Annotation]", answer["data"])

    async def sentences(self, article_id: str, parameters: Parameters = ()) -> list[Json]:
        """Every sentence of an article by number, with its labels."""
        answer = await self.get(f"articles/{_part(article_id)}/sentences", parameters)
        return cast("list[Json]", answer["data"])

    async def members(self, parameters: Parameters) -> list[Article]:
        """The first articles of a group."""
        answer = await self.articles([*parameters, ("limit", str(LIMIT_MAX))])
        return cast("list[Article]", answer["data"])

    async def events(self, parameters: Parameters = ()) -> Json:
        """A page of events."""
        return await self.get("events", parameters)

    async def event(self, event_id: str, parameters: Parameters = ()) -> Json:
        """One event."""
        return await self.get(f"events/{_part(event_id)}", parameters)

    async def story(self, story_id: str) -> Json:
        """One story."""
        return await self.get(f"stories/{_part(story_id)}")

    async def outlets(self) -> list[Json]:
        """Every outlet with what is stored of it, up to ``OUTLET_PAGES`` pages."""
        rows: list[Json] = []
        cursor: str | None = None
        for _ in range(OUTLET_PAGES):
            more = [("cursor", cursor)] if cursor else []
            answer = await self.get("outlets", [("limit", str(LIMIT_MAX)), *more])
            rows += answer["data"]
            cursor = answer["next_cursor"]
            if cursor is None:
                break
        return rows

    async def trends(self, parameters: Parameters) -> Json:
        """Cells of a metric: n, mean and its interval."""
        return await self.get("trends", parameters)

    async def pipeline(self, parameters: Parameters = ()) -> Json:
        """Counts of pages, refusals, articles and work by state."""
        return await self.get("pipeline", parameters)

    async def refusals(self, parameters: Parameters = ()) -> Json:
        """A page of what was refused, and why."""
        return await self.get("refusals", parameters)

    async def runs(self) -> Json:
        """Labelling configurations, newest first."""
        return await self.get("runs")

    async def codebook(self, parameters: Parameters = ()) -> Json:
        """The codebook: labels and their definitions."""
        return await self.get("codebook", parameters)


def _part(value: str) -> str:
    return quote(value, safe="")
