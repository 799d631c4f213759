"""S5: documents that cost or fetch where a parser trusts them."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from newsroom.errors import Refused
from newsroom.records import Via
from scraper.listings.discover import links
from scraper.listings.xmltree import XML_MAX_BYTES
from scraper.outlets.registry import Outlet

SECONDS = 1.0
LAUGHS = "<!DOCTYPE x [<!ENTITY a0 'ha'>" + "".join(
    f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 10)
) + "]>"  # fmt: skip
QUADRATIC = f"<!DOCTYPE x [<!ENTITY a '{'a' * 100_000}'>]>"
FILE = "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>"
PARAMETER = "<!DOCTYPE x [<!ENTITY % e SYSTEM '{address}'> %e;]>"
SUBSET = "<!DOCTYPE x SYSTEM '{address}' [<!ENTITY e 'x'>]>"
HIDDEN = "<?xml version='1.0'?><!-- <x> --><?x <x> ?>\n<!doctype x [<!ENTITY e 'x'>]>"


def _document(door: Via, declared: str, used: str) -> str:
    if door is Via.FEED:
        return f"{declared}<rss><channel><title>{used}</title><item><link>{used}</link></item></channel></rss>"
    return f"{declared}<urlset><url><loc>{used}</loc></url></urlset>"


@pytest.mark.parametrize("door", [Via.FEED, Via.SITEMAP])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le"])
@pytest.mark.parametrize(
    ("declared", "used"),
    [
        (LAUGHS, "&a9;"),
        (QUADRATIC, "&a;" * 30_000),
        (FILE, "&e;"),
        ("<!DOCTYPE x [<!ENTITY e SYSTEM '{address}'>]>", "&e;"),
        (PARAMETER, "x"),
        (SUBSET, "&e;"),
        (HIDDEN, "&e;"),
        ("<!ENTITY e 'x'>", "&e;"),
    ],
    ids=["laughs", "quadratic", "file", "address", "parameter", "subset", "hidden", "stray"],
)
def test_declared_entities_are_refused(
    make_outlet: Callable[..., Outlet], door: Via, encoding: str, declared: str, used: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/x"
        body = _document(door, declared.replace("{address}", address), used).encode(encoding)
        started = time.process_time()
        with pytest.raises(Refused) as caught:
            links(body, "http://quay.test/x", make_outlet(), door)
        took_s = time.process_time() - started
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert caught.value.code in {"not-feed", "not-sitemap"}
    assert took_s < SECONDS


@pytest.mark.parametrize("door", [Via.FEED, Via.SITEMAP])
@pytest.mark.parametrize(
    "body",
    [
        b"<rss>" + b"<a>" * ((XML_MAX_BYTES - 5) // 3),
        b"<urlset>" + b"<a " + b" ".join(b'a%d=""' % n for n in range(300_000)) + b"/>",
        b"<rss>" + b"<![CDATA[" * 500_000,
        b"<rss>" + b"<!--" * 1_000_000,
        b"<?x " * 1_000_000,
        b"<!--" * 1_000_000,
        b"<!-- --" * 600_000,
        b"<!DOCTYPE " + b"x" * 4_000_000,
        b" " * 4_999_999 + b"<",
        b"<" * 4_999_999,
        b"&" * 4_999_999,
    ],
    ids=["depth", "attributes", "cdata", "comments", "instructions", "open comments", "dashes",
         "long type", "spaces", "brackets", "ampersands"],
)  # fmt: skip
def test_shapes_that_cost(make_outlet: Callable[..., Outlet], door: Via, body: bytes) -> None:
    started = time.process_time()
    with suppress(Refused):  # what can be read of it names nothing
        assert links(body, "http://quay.test/x", make_outlet(), door).pages == ()
    assert time.process_time() - started < SECONDS
