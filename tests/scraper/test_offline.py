from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from scraper.extraction.extractors import Extractors
from scraper.extraction.reading import Page
from scraper.offline import extract_lines

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def _run(lines: list[bytes], processes: int = 1) -> tuple[list[dict[str, object]], int]:
    out = io.BytesIO()
    report = extract_lines(io.BytesIO(b"\n".join(lines) + b"\n"), out, processes=processes, now=NOW)
    return [json.loads(line) for line in out.getvalue().splitlines()], report.bad


def test_one_line_a_page_in_order(story: Callable[..., str]) -> None:
    page = story("Lighthouse stays", head='<meta name="date" content="2026-11-20T10:00:00Z">')
    lines = [
        json.dumps({"id": "a", "url": "https://quay.com/a", "html": page}).encode(),
        json.dumps({"id": 7, "url": "https://quay.com/b", "html_base64": base64.b64encode(page.encode()).decode()}).encode(),
        b"not json",
        json.dumps({"id": "c"}).encode(),
        json.dumps({"id": "d", "html_base64": "%%%"}).encode(),
        b"",
        json.dumps({"id": "e", "url": "https://quay.com/e", "html": "<html><h1>Page not found</h1>"}).encode(),
        json.dumps({"id": "f", "html": page}).encode(),
    ]  # fmt: skip
    found, bad = _run(lines, processes=2)
    assert [line["id"] for line in found] == ["a", 7, 3, "c", "d", "e", "f"]
    assert bad == 3
    assert found[0] == {
        "id": "a", "url": "https://quay.com/a", "title": "Lighthouse stays", "authors": [],
        "published_at": "2026-11-20T10:00:00+00:00", "language": "en", "text": found[1]["text"],
        "refused": None, "reason": None,
    }  # fmt: skip
    assert set(found[2]) == {"id", "error"}
    assert found[5]["refused"] == "soft-404"
    assert found[5]["text"] is None
    assert found[6]["url"] is None
    assert found[6]["title"] == "Lighthouse stays"


def test_a_hostile_page_costs_only_itself(story: Callable[..., str]) -> None:
    """A page of 100,000 attributes takes minutes: its child is ended, the next page is fine."""
    bomb = "<html><body><p " + " ".join(f"a{n}=1" for n in range(100_000)) + ">x</p>"
    with Extractors(1, timeout_s=1.0) as extractors:
        pages = [Page(html=html, url="https://quay.com/x", now=NOW) for html in (bomb, story())]
        first, second = (found for _, found in extractors.stream((None, page) for page in pages))
    assert getattr(first, "code", None) == "parser-limit"
    assert getattr(second, "title", None) == "Town argues about its old lighthouse"


def test_a_page_that_wants_all_memory() -> None:
    with Extractors(1, timeout_s=60) as extractors:
        html = "<html><body>" + "<a b>" * 2_000_000
        found = extractors.submit(Page(html=html, url="https://quay.com/x", now=NOW)).result()
    assert getattr(found, "code", None) in {"parser-limit", "too-large"}


def test_the_verb(tmp_path: Path, story: Callable[..., str]) -> None:
    source = tmp_path / "pages.jsonl"
    source.write_text(
        json.dumps({"id": 1, "url": "https://quay.com/a", "html": story()}) + "\nbroken\n"
    )
    environ = {k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "REDIS_URL"}}
    run = subprocess.run(
        [sys.executable, "-m", "newsroom", "extract", "--input", str(source), "--output", "-", "--processes", "1"],
        capture_output=True, text=True, env=environ, timeout=120, check=False,
    )  # fmt: skip
    assert run.returncode == 1
    first, second = (json.loads(line) for line in run.stdout.splitlines())
    assert first["title"] == "Town argues about its old lighthouse"
    assert second["id"] == 2
    assert "2 lines, 1 of them no page" in run.stderr
