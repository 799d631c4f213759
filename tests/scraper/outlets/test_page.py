from __future__ import annotations

from scraper.outlets import page as outlet_page
from scraper.outlets import registry


def test_the_page_of_outlets_is_current() -> None:
    """`python -m scraper.outlets.page` writes it."""
    assert outlet_page.PATH.read_text() == outlet_page.page(registry.load().outlets)


def test_the_page_names_every_outlet_once() -> None:
    rows = [row for row in outlet_page.PATH.read_text().splitlines() if row.startswith("| [")]
    outlets = registry.load().outlets
    assert len(rows) == len(outlets)
    for row, outlet in zip(rows, outlets, strict=True):
        assert f"| {outlet.publisher.publisher_id} |" in row
        assert (
            "rated" if outlet.reference_lean is None else outlet.reference_lean.label
        ) in row + "rated"
