"""Where the crawler may connect: public addresses on the web's ports, and nowhere inside.

One choke point: the resolver that every connection asks for its address. It is asked for IP
literals too, in whatever spelling, and the connection uses exactly the address that was checked,
so that no redirect and no lying name server gets round it. Python's ``is_global`` alone is not the
rule: it calls multicast, 6to4 and NAT64 addresses of private hosts global.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Self
from urllib.parse import urlsplit

from scrapy.crawler import Crawler
from scrapy.http import Request
from scrapy.resolver import HostResolution
from twisted.internet.address import IPv4Address as IPv4Tcp
from twisted.internet.interfaces import IHostnameResolver
from zope.interface import implementer  # type: ignore[import-untyped]

from newsroom.errors import Refused
from newsroom.urls import URL_MAX_BYTES

PORTS = {"http": 80, "https": 443}
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_NAT64_LOCAL = ipaddress.IPv6Network("64:ff9b:1::/48")
_COMPATIBLE = ipaddress.IPv6Network("::/96")  # IPv4-compatible, deprecated by RFC 4291
_RELAY_6TO4 = ipaddress.IPv4Network("192.88.99.0/24")  # RFC 7526


def is_public(text: str) -> bool:
    """Whether an IP address is a public host, whatever IPv4 address it may embed."""
    try:
        address = ipaddress.ip_address(text.split("%", 1)[0])
    except ValueError:
        return False
    if not address.is_global or address.is_multicast or address.is_unspecified:
        return False
    if isinstance(address, IPv4Address):
        return address not in _RELAY_6TO4
    if address.is_site_local or address in _NAT64_LOCAL:
        return False
    return all(is_public(str(inner)) for inner in _embedded(address))


def _embedded(address: IPv6Address) -> list[IPv4Address]:
    """IPv4 addresses that a gateway would read out of an IPv6 address."""
    found = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64 or address in _COMPATIBLE:
        found.append(IPv4Address(int(address) & 0xFFFF_FFFF))
    return [inner for inner in found if inner is not None]


def check_url(url: str) -> None:
    """Refused ``bad-url`` for what may not even be asked: other schemes, ports, user names."""
    if len(url.encode("utf-8", "ignore")) > URL_MAX_BYTES:
        raise Refused("bad-url", f"address longer than {URL_MAX_BYTES} bytes")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Refused("bad-url", f"not an address: {error}") from error
    if parts.scheme not in PORTS or not parts.hostname:
        raise Refused("bad-url", "not an absolute http(s) address")
    if port not in {None, *PORTS.values()}:
        raise Refused("bad-url", f"port {port} is not the web's")
    if parts.username is not None:
        raise Refused("bad-url", "the address carries a user name")


class _PublicOnly:
    """Passes on the addresses that are public; the others are as good as unknown."""

    def __init__(self, receiver: Any) -> None:
        self._receiver = receiver

    def resolutionBegan(self, resolution: object) -> None:  # noqa: N802
        self._receiver.resolutionBegan(resolution)

    def addressResolved(self, address: object) -> None:  # noqa: N802
        if is_public(getattr(address, "host", "")):
            self._receiver.addressResolved(address)

    def resolutionComplete(self) -> None:  # noqa: N802
        self._receiver.resolutionComplete()


@implementer(IHostnameResolver)
class GuardedResolver:
    """Scrapy's ``TWISTED_DNS_RESOLVER``. Never caches: every connection is checked anew.

    ``demo`` maps a reserved host name to the one ``(host, port)`` of the demo server. Only such a
    name leads there: an IP literal or any other name with the same address is refused.
    """

    def __init__(self, reactor: Any, demo: Mapping[str, tuple[str, int]]) -> None:
        self._reactor = reactor
        self._inner: Any = reactor.nameResolver  # zope interfaces mean nothing to mypy
        self._demo = dict(demo)

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: Any) -> Self:
        """Built by Scrapy, which hands over the reactor whose resolver is replaced."""
        return cls(reactor, crawler.settings["NEWSROOM_DEMO_HOSTS"] or {})

    def install_on_reactor(self) -> None:
        """Become the reactor's resolver."""
        self._reactor.installNameResolver(self)

    def resolveHostName(  # noqa: N802
        self,
        resolutionReceiver: Any,  # noqa: N803
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: object = None,  # noqa: N803
        transportSemantics: str = "TCP",  # noqa: N803
    ) -> object:
        """Resolve to public addresses only; to the demo server for a demo name on port 80."""
        demo = self._demo.get(hostName.lower())
        if demo is None and portNumber in PORTS.values():
            return self._inner.resolveHostName(
                _PublicOnly(resolutionReceiver),
                hostName,
                portNumber,
                addressTypes,
                transportSemantics,
            )
        resolution = HostResolution(hostName)
        resolutionReceiver.resolutionBegan(resolution)
        if demo is not None and portNumber == PORTS["http"]:
            resolutionReceiver.addressResolved(IPv4Tcp("TCP", *demo))
        resolutionReceiver.resolutionComplete()
        return resolution


class GuardMiddleware:
    """Refuses what :func:`check_url` refuses before anything is asked, redirects included."""

    def process_request(self, request: Request) -> None:
        """Raise Refused ``bad-url`` for an address that may not be asked."""
        check_url(request.url)
