"""Typed calls to /v1 over HTTP, or straight into the API when both live in one process."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final, Self, cast
from urllib.parse import quote

import httpx2

from dashboard.shapes import Annotation, Article

Parameters = Sequence[tuple[str, str]]
Json = dict[str, Any]

TIMEOUT_S: Final = 20.0  # four times the API's own statement timeout
LIMIT_MAX: Final = 200  # the API's
LIMIT: Final = str(LIMIT_MAX)
DAYS: Final[Mapping[str, str]] = {"published_from": "day_from", "published_to": "day_to"}
ENDS: Final = (("day_from", "published_at"), ("day_to", "-published_at"))
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
        """Call an ASGI application directly: no socket, no serialised detour, no limits."""
        transport = httpx2.ASGITransport(
            app=app, raise_app_exceptions=False, client=("in-process", 0)
        )
        return cls(transport, "http://localhost")

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

    async def named(self, part: str | None) -> list[Json]:
        """The first outlets with ``part`` in their name or id."""
        asked = [("q", part)] if part else []
        asked += [("limit", LIMIT), ("fields", "publisher_id,name")]
        return cast("list[Json]", (await self.get("outlets", asked))["data"])

    async def trends(self, parameters: Parameters) -> Json:
        """Cells of a metric: n, mean and its interval."""
        return await self.get("trends", parameters)

    async def cite(self, address: str) -> Json:
        """How to cite what the API answers at ``address``, and what that rests on."""
        return await self.get("cite", [("of", address)])

    async def seen_days(self, parameters: Parameters = ()) -> tuple[int, int]:
        """Outlet-days that looked as usual (ok or quiet), and all that were judged.

        They are those of the outlets and dates of ``parameters``; without a date, from the first
        or to the last article. A day that nobody judged is in neither number.
        """
        outlets = [pair for pair in parameters if pair[0] == "publisher"]
        named = {DAYS[name]: value for name, value in parameters if name in DAYS}
        first, last = await asyncio.gather(
            *(self._day(named.get(day), [*outlets, ("sort", sort)]) for day, sort in ENDS)
        )
        if first is None or last is None or first > last:
            return 0, 0
        asked = [*outlets, ("day_from", first), ("day_to", last), ("limit", "1"), ("count", "true")]
        answers = await asyncio.gather(
            self.get("sources", asked),
            *(self.get("sources", [*asked, ("verdict", v)]) for v in ("ok", "quiet")),
        )
        judged, usual, quiet = (int(answer["meta"]["total"]) for answer in answers)
        return usual + quiet, judged

    async def _day(self, named: str | None, asked: Parameters) -> str | None:
        if named:
            return named
        rows = (await self.articles([*asked, ("limit", "10")]))["data"]  # some bear no date
        return next((row["published_at"][:10] for row in rows if row["published_at"]), None)

    async def pipeline(self, parameters: Parameters = ()) -> Json:
        """Counts of pages, refusals, articles and work by state."""
        return await self.get("pipeline", parameters)

    async def refusals(self, parameters: Parameters = ()) -> Json:
        """A page of what was refused, and why."""
        return await self.get("refusals", parameters)

    async def runs(self) -> Json:
        """Labelling configurations, newest first."""
        return await self.get("runs")

    async def run_names(self) -> list[Json]:
        """The same without what they cover, which takes long to count."""
        asked = [("fields", "run_id,labeller,started_at,promoted")]
        return cast("list[Json]", (await self.get("runs", asked))["data"])

    async def codebook(self, parameters: Parameters = ()) -> Json:
        """The codebook: labels and their definitions."""
        return await self.get("codebook", parameters)


def _part(value: str) -> str:
    return quote(value, safe="")
