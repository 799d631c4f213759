from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from newsroom.errors import BadRequest, Misconfigured
from scraper.outlets import registry

GOOD = """
publisher_id = "quay"
name = "The Quay Gazette"
domain = "quay.com"
country = "US"
language = "en"
timezone = "America/New_York"
medium = "local"
front_page = "https://www.quay.com/"
delay_s = 5.0
verified = false
"""

PATTERN = "article_url = '/20'\n"
EXAMPLES = "examples = ['/2026/x', '/2026/y']\n"
LEAN = """[reference_lean]
label = "right"
source = "a made-up list"
since = 2014-05-01
as_of = 2020-05-01
right = 12
"""


def _read(
    folder: Path, text: str, *, demo: bool = False, name: str = "quay.toml"
) -> registry.Registry:
    (folder / name).write_text(text, encoding="utf-8")
    return registry.read(folder, demo=demo)


def test_the_shipped_outlets() -> None:
    known = registry.load()
    assert len(known.outlets) >= 25
    media = Counter(o.medium for o in known.outlets)
    assert set(media) == set(registry.Medium)
    assert Counter(o.publisher.country for o in known.outlets)["GB"] >= 5
    leans = {o.reference_lean.label for o in known.outlets if o.reference_lean}
    assert leans >= {"left", "center", "right"}
    assert {o.publisher.publisher_id for o in known.outlets} >= {
        "apnews", "breitbart", "cnn", "foxnews", "theguardian", "huffpost", "nytimes", "usatoday",
        "wsj", "washingtonpost",
    }  # fmt: skip
    for outlet in known.outlets:
        assert outlet.delay_s >= 5
        assert not outlet.publisher.demo
        assert not outlet.publisher.verified  # nobody has checked them against the live sites
        assert outlet.feeds or outlet.sitemaps
        assert outlet.article_url  # with examples, which reading it has held it to


def test_demo_outlets_are_apart() -> None:
    demo = registry.load(demo=True)
    assert all(o.publisher.demo for o in demo.outlets)
    assert all(o.publisher.domain.endswith(".example") for o in demo.outlets)
    assert {o.publisher.publisher_id for o in registry.known().outlets} == {
        o.publisher.publisher_id for o in (*registry.load().outlets, *demo.outlets)
    }


@pytest.mark.parametrize(
    ("url", "publisher_id"),
    [
        ("https://edition.cnn.com/x", "cnn"),
        ("https://WWW.CNN.COM./x", "cnn"),
        ("https://www.huffingtonpost.com/entry/x", "huffpost"),
        ("https://notcnn.com/x", None),
        ("https://cnn.com.evil.com/x", None),
        ("no address", None),
    ],
)
def test_host_to_outlet(url: str, publisher_id: str | None) -> None:
    found = registry.load().of_url(url)
    assert (found.publisher.publisher_id if found else None) == publisher_id


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("delay_s = 5.0", "delay_s = 1.0"), "delay_s must be at least 5"),
        (("delay_s = 5.0", 'delay_s = "5"'), "delay_s"),
        (("verified = false", "verfied = false"), "verified|verfied"),
        (("verified = false", "verified = false\ncolour = 1"), "colour"),
        (('timezone = "America/New_York"', 'timezone = "Mars/Base"'), "timezone"),
        (('"https://www.quay.com/"', '"ftp://www.quay.com/"'), "front_page"),
        (('"https://www.quay.com/"', '"https://www.elsewhere.com/"'), "not on quay.com"),
        (('country = "US"', 'country = "usa"'), "country"),
        (('publisher_id = "quay"', 'publisher_id = "Quay!"'), "publisher_id"),
        (("verified = false", "verified = false\ndemo = true"), "reserved name"),
        (("verified = false", "verified = false\narticle_url = '('"), "article_url"),
        (("verified = false", "verified ="), "not TOML"),
        (("verified = false", "verified = true"), "verified_on"),
        (("verified = false", "verified = false\nverified_on = 2026-03-02"), "verified_on"),
        (('medium = "local"', 'medium = "blog"'), "medium.*none of wire, newspaper"),
        (("verified = false", f"verified = false\n{PATTERN}"), "at least 2 examples"),
        (
            ("verified = false", f"verified = false\n{PATTERN}examples = ['/2026/x', '/about']"),
            "/about",
        ),
        (
            ("verified = false", f"verified = false\n{PATTERN}{EXAMPLES}other_pages = ['/2025/']"),
            "/2025/",
        ),
        (("verified = false", f"verified = false\narticle_url = '/'\n{EXAMPLES}"), "takes / for"),
        (("verified = false", f"verified = false\n{EXAMPLES}"), "article_url must tell"),
        (("verified = false", "verified = false\n[floors]\ndates = 0.5"), r"floors\.dates"),
        (("verified = false", "verified = false\n[floors]\ndate = 80"), r"floors\.date"),
        (
            ("verified = false", "verified = false\n[floors]\narticles_per_day = 0"),
            "articles_per_weekend",
        ),
        (
            ("verified = false", f"verified = false\n{LEAN.replace('right', 'left', 1)}"),
            "the counts say 'right'",
        ),
        (("verified = false", f"verified = false\n{LEAN.replace('12', '9')}"), "rests on 9"),
        (
            ("verified = false", f"verified = false\n{LEAN.replace('2014', '2030')}"),
            "since is after",
        ),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, change: tuple[str, str], says: str) -> None:
    with pytest.raises(Misconfigured, match=says) as caught:
        _read(tmp_path, GOOD.replace(*change))
    assert "quay.toml" in caught.value.message


def test_demo_is_believed_in_the_demo_folder_only(tmp_path: Path) -> None:
    demo = GOOD.replace("www.quay.com", "quay.com").replace("quay.com", "quay.example")
    demo = demo.replace("delay_s = 5.0", "delay_s = 0.0") + "demo = true\n"
    assert _read(tmp_path, demo, demo=True).outlets[0].publisher.demo
    with pytest.raises(Misconfigured, match="demo folder only"):
        registry.read(tmp_path, demo=False)
    with pytest.raises(Misconfigured, match="is no demo"):
        _read(tmp_path, GOOD, demo=True)
    with pytest.raises(Misconfigured, match=r"not on quay\.example"):
        _read(tmp_path, demo + 'feeds = ["http://127.0.0.1/feed"]\n', demo=True)


def test_two_files_one_domain(tmp_path: Path) -> None:
    (tmp_path / "quay.toml").write_text(GOOD, encoding="utf-8")
    with pytest.raises(Misconfigured, match="already belongs to quay"):
        _read(tmp_path, GOOD.replace('"quay"', '"quay2"'), name="quay2.toml")


def test_a_file_is_named_for_its_outlet(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"harbour.toml.*belongs in quay.toml"):
        _read(tmp_path, GOOD, name="harbour.toml")


def test_outlets_travel_to_another_process_whole() -> None:
    outlets = registry.known().outlets
    assert any(o.reference_lean for o in outlets)
    assert registry.restore(registry.dump(outlets)) == outlets
    verified = replace(outlets[0], verified_on=date(2026, 3, 2))
    assert registry.restore(registry.dump([verified])) == (verified,)


def test_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="no outlet files"):
        registry.read(tmp_path)


def test_unknown_outlet_names_the_known() -> None:
    with pytest.raises(BadRequest, match="apnews"):
        registry.load().chosen(["apnwes"])
    assert [o.publisher.publisher_id for o in registry.load().chosen(["cnn"])] == ["cnn"]
