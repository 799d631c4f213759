"""The public shapes of the service itself: its work, its faults, its health."""

from __future__ import annotations

from datetime import datetime

from api.schemas import ARTICLE_ID, SHOWN, WHEN, Page, RunName, Shape, _f


class Refusal(Shape):
    """A page or a line that is no article, and why."""

    refusal_id: str = _f("Refusal id.", ARTICLE_ID)
    publisher_id: str | None = _f("Outlet, where one is known.", "harborledger")
    url: str | None = _f("Address, where there is one.", "https://harborledger.example/gone")
    code: str = _f("Reason, in kebab case.", "soft-404")
    message: str = _f("The same in words.", "the page says that nothing was found")
    page_id: str | None = _f("Archived page.", ARTICLE_ID)
    seen_at: datetime = _f("When.", WHEN)


class RefusalPage(Page[Refusal]):
    """Refusals, newest first."""


class Count(Shape):
    """How many under one code or reason."""

    code: str = _f("Code or reason.", "soft-404")
    n: int = _f("How many.", 3)


class WorkCount(Shape):
    """Work rows in one state."""

    stage: str = _f("Stage.", "label")
    state: str = _f("due, leased, done or quarantined.", "done")
    error_code: str | None = _f("Last error.", "worker-lost")
    n: int = _f("Articles.", 120)
    last_hour: int = _f("Those of them that came to this state within an hour.", 40)
    oldest_due_at: datetime | None = _f("Since when the oldest of them is due.", WHEN)


class JobCount(Shape):
    """Things asked for, or imports of archives, of one kind in one state."""

    kind: str = _f("export, event-edit, or backfill- and what is imported.", "export")
    state: str = _f("due, leased (at work), done or failed.", "leased")
    n: int = _f("How many.", 1)
    progress: float | None = _f("How far those at work are on average, 0 to 1, if known.", 0.4)
    changed_at: datetime = _f("When anything of this changed last.", WHEN)


class Crawl(Shape):
    """What the crawlers do now."""

    hosts_asked: int = _f("Hosts that were asked within ten minutes.", 7)
    last_asked_at: datetime | None = _f("Last request to any host.", WHEN)
    hosts_stopped: list[Count] = _f("Hosts that nothing is asked of for now, by reason.")
    looks_due: int = _f("Articles to be looked at again now, for changes.", 3)
    looks_planned: int = _f("Articles to be looked at again later.", 117)


class Pipeline(Shape):
    """What came in, what became of it, and what is still to do."""

    outlets: int = _f("Outlets known.", 7)
    pages: int = _f("Pages fetched, one for each distinct body.", 150)
    newest_page_at: datetime | None = _f("Newest fetch.", WHEN)
    articles: int = _f("Articles, duplicates included.", 120)
    revisions: int = _f("Revisions of them, current ones included.", 122)
    newest_article_at: datetime | None = _f("Newest reading of an article.", WHEN)
    duplicates: list[Count] = _f("Articles that copy another, by reason.")
    refusals: list[Count] = _f("Refusals by code.")
    work: list[WorkCount] = _f("Work by stage, state and error.")
    jobs: list[JobCount] = _f("What takes longer than an answer, by kind and state.")
    crawl: Crawl = _f("What the crawlers do now.")
    run: RunName | None = _f(SHOWN)
    annotations: int | None = _f(
        "Labels of all runs, replaced ones included; null where there are over five million.", 620
    )
    annotations_current: int | None = _f(
        "Labels in force: of the run shown, on the texts of now; null with the others.", 600
    )
    events: int = _f("Events.", 20)
    stories: int = _f("Stories.", 12)


class FieldError(Shape):
    """What is wrong with one parameter."""

    field: str = _f("Parameter.", "lean_mim")
    message: str = _f("What is wrong.", "no such parameter; did you mean lean_min?")


class Problem(Shape):
    """An error (RFC 9457)."""

    type: str = _f("Path of the explanation.", "/v1/problems/unknown-parameter")
    title: str = _f("Words of the status.", "Bad Request")
    status: int = _f("HTTP status.", 400)
    detail: str = _f("What happened this time.", "lean_mim: no such parameter")
    instance: str = _f("Path asked for.", "/v1/articles")
    code: str = _f("Stable code, in kebab case.", "unknown-parameter")
    request_id: str | None = _f("Finds the request in the log.", ARTICLE_ID)
    errors: list[FieldError] = _f("By parameter.")


class ProblemCode(Shape):
    """What a code means."""

    code: str = _f("Code.", "bad-cursor")
    status: int = _f("HTTP status it comes with.", 400)
    meaning: str = _f("What it means and what to do.", "The cursor is not one of this list.")


class Version(Shape):
    """What is running."""

    name: str = _f("Product.", "newsroom")
    version: str = _f("Calendar version.", "2026.11.0")
    api: str = _f("Version of the interface.", "v1")


class Health(Shape):
    """The process answers."""

    status: str = _f("ok", "ok")


class Ready(Shape):
    """Each part the service needs: ok."""

    status: str = _f("ok", "ok")
    parts: dict[str, str] = _f("Part: ok.", {"database": "ok", "migrations": "ok"})
