from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from urllib.parse import quote

import pytest
from twisted.internet.address import IPv4Address

from newsroom.errors import Refused
from scraper import guard, job
from scraper import settings as scrapy_settings
from scraper.guard import GuardedResolver, check_url, is_public

PUBLIC = [
    "8.8.8.8",
    "1.1.1.1",
    "93.184.215.14",
    "2606:4700:4700::1111",
    "2001:4860:4860::8888",
    "64:ff9b::808:808",
    "2002:808:808::1",
]
PRIVATE = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254",
    "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1",
    "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1",
    "64:ff9b:1::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "2002:a00:1::", "2002:c0a8:101::",
    "fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "not an address", "",
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_private(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "ftp://example.com/x", "data:text/html,x", "javascript:1", "//example.com/",
        "http://", "http:///x", "http://example.com:8080/", "https://example.com:22/", "http://a:b@example.com/",
        "http://example.com:99999/", "http://[::1/", "gopher://example.com/", "http://example.com/" + "a" * 2100,
    ],
)  # fmt: skip
def test_addresses_that_may_not_be_asked(url: str) -> None:
    with pytest.raises(Refused) as caught:
        check_url(url)
    assert caught.value.code == "bad-url"


@pytest.mark.parametrize(
    "url", ["http://example.com/", "https://example.com:443/a?b=c", "http://EXAMPLE.com:80"]
)
def test_addresses_that_may(url: str) -> None:
    check_url(url)


class _Receiver:
    def __init__(self) -> None:
        self.addresses: list[tuple[str, int]] = []
        self.done = False

    def resolutionBegan(self, resolution: object) -> None:
        pass

    def addressResolved(self, address: IPv4Address) -> None:
        self.addresses.append((address.host, address.port))

    def resolutionComplete(self) -> None:
        self.done = True


class _Names:
    """A name server that answers something else each time."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)

    def resolveHostName(self, receiver, name, port=0, types=None, semantics="TCP"):  # type: ignore[no-untyped-def]
        receiver.resolutionBegan(None)
        for host in self.answers.pop(0):
            receiver.addressResolved(IPv4Address("TCP", host, port))
        receiver.resolutionComplete()


def _resolve(resolver: GuardedResolver, name: str, port: int) -> list[tuple[str, int]]:
    receiver = _Receiver()
    resolver.resolveHostName(receiver, name, port)
    assert receiver.done
    return receiver.addresses


DEMO = {"quay.test": ("127.0.0.1", 4567)}


def test_rebinding_name_server_is_checked_each_time() -> None:
    names = _Names(["8.8.8.8"], ["127.0.0.1"], ["8.8.8.8", "10.0.0.1"])
    resolver = GuardedResolver(SimpleNamespace(nameResolver=names), DEMO)
    assert _resolve(resolver, "evil.com", 80) == [("8.8.8.8", 80)]
    assert _resolve(resolver, "evil.com", 80) == []
    assert _resolve(resolver, "evil.com", 443) == [("8.8.8.8", 443)]


@pytest.mark.parametrize("port", [22, 4567, 5432, 8000])
def test_other_ports_are_nowhere(port: int) -> None:
    resolver = GuardedResolver(SimpleNamespace(nameResolver=_Names()), DEMO)
    assert _resolve(resolver, "evil.com", port) == []
    assert _resolve(resolver, "quay.test", port) == []


def test_demo_name_leads_to_exactly_the_demo_server() -> None:
    resolver = GuardedResolver(SimpleNamespace(nameResolver=_Names(["127.0.0.1"])), DEMO)
    assert _resolve(resolver, "quay.test", 80) == [("127.0.0.1", 4567)]
    assert _resolve(resolver, "quay.test", 443) == []
    assert _resolve(resolver, "sub.quay.test", 80) == []


def test_demo_names_must_be_reserved(make_outlet, settings) -> None:  # type: ignore[no-untyped-def]
    from dataclasses import replace

    from newsroom.errors import Misconfigured

    outlet = make_outlet()
    forged = replace(outlet, publisher=replace(outlet.publisher, domain="cnn.com"))
    asked = job.Job(
        settings=settings, outlets=(forged,), demo_address=("127.0.0.1", 1), revisit=False,
        limit=None, doors=(), timeout_s=None,
    )  # fmt: skip
    with pytest.raises(Misconfigured, match="reserved"):
        asked.demo_hosts()


LOOPBACK = [
    "http://127.0.0.1:{p}/", "http://localhost:{p}/", "http://2130706433:{p}/", "http://0x7f000001:{p}/",
    "http://127.1:{p}/", "http://0177.0.0.1:{p}/", "http://[::ffff:127.0.0.1]:{p}/", "http://[::1]:{p}/",
    "http://0.0.0.0:{p}/", "http://127.0.0.1.nip.test:{p}/",
    "http://127.0.0.1/", "http://localhost/", "http://2130706433/", "http://0x7f000001/", "http://127.1/",
    "http://0177.0.0.1/", "http://017700000001/", "http://[::1]/", "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/", "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/", "http://0.0.0.0/",
    "http://127.0.0.1./", "http://127.255.255.254/", "http://LOCALHOST/", "http://①②⑦.0.0.1/",
    "http://10.0.0.1/", "http://192.168.0.1/", "http://172.16.0.1/", "http://169.254.169.254/latest/meta-data/",
    "http://[fd00::1]/", "http://[fe80::1]/", "http://100.64.0.1/", "http://224.0.0.1/",
    "https://127.0.0.1/", "https://localhost/", "http://user@127.0.0.1/", "http://127.0.0.1:80@quay.test/",
    "http://127%2e0%2e0%2e1/",
]  # fmt: skip

PROBE = """
import json, sys
from scrapy.crawler import CrawlerProcess
from scraper.spiders.probe import ProbeSpider
values, urls = json.load(sys.stdin)
values["NEWSROOM_DEMO_HOSTS"] = {k: tuple(v) for k, v in values["NEWSROOM_DEMO_HOSTS"].items()}
answers = {}
process = CrawlerProcess(values)
process.crawl(ProbeSpider, urls=urls, answers=answers)
process.start()
json.dump({u: getattr(a, "status", type(a).__name__) for u, a in answers.items()}, sys.stdout)
"""


@pytest.fixture
def inside() -> Iterator[tuple[int, list[str]]]:
    """A listener that must never hear anything."""
    heard: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            while True:
                try:
                    connection, peer = server.accept()
                except OSError:
                    return
                heard.append(str(peer))
                connection.close()

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield server.getsockname()[1], heard
        server.shutdown(socket.SHUT_RDWR)
    thread.join()


def test_nothing_inside_is_reached_with_the_demo_loaded(web, inside, make_outlet, settings) -> None:  # type: ignore[no-untyped-def]
    """40 forms, asked directly and behind a redirect of a demo page; two listeners hear nothing.

    The demo's own port counts as inside too, when an address names it in place of the demo name.
    """
    port, heard = inside
    forms = [form.format(p=p) for form in LOOPBACK for p in (port, web.address[1])]
    forms = list(dict.fromkeys(forms))
    web.add("/ok", "fine")
    for number, url in enumerate(forms):
        web.add(f"/to/{number}", status=302, Location=quote(url, safe=":/?#[]@!$&'()*+,;=%"))
    urls = ["http://quay.test/ok", *forms]
    urls += [f"http://quay.test/to/{number}" for number in range(len(forms))]
    values = scrapy_settings.build(settings, [make_outlet()], {"quay.test": web.address})
    values |= {"DOWNLOAD_DELAY": 0, "CONCURRENT_REQUESTS": 8, "CONCURRENT_REQUESTS_PER_DOMAIN": 8}
    values |= {"DOWNLOAD_SLOTS": {}, "RETRY_ENABLED": False}
    run = subprocess.run(
        [sys.executable, "-c", PROBE],
        input=json.dumps([values, urls]), capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    answers = json.loads(run.stdout)
    assert answers.pop("http://quay.test/ok") == 200
    assert {url: a for url, a in answers.items() if isinstance(a, int)} == {}
    assert len(answers) == len(urls) - 1
    assert heard == []
    assert {host for host, _ in web.hits} == {"quay.test"}


def test_only_the_web_is_handled(settings) -> None:  # type: ignore[no-untyped-def]
    values = scrapy_settings.build(settings, [], {})
    assert values["DOWNLOAD_HANDLERS"] == {"file": None, "ftp": None, "s3": None, "data": None}
    assert values["TWISTED_DNS_RESOLVER"] == f"{guard.__name__}.{GuardedResolver.__name__}"
    assert values["HTTPPROXY_ENABLED"] is False
    assert values["TELNETCONSOLE_ENABLED"] is False
    assert values["REMOTE_CONTROL_ENABLED"] is False
    assert values["DOWNLOAD_VERIFY_CERTIFICATES"] is True
