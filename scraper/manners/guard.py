"""Where the crawler may connect: public addresses on the web's ports, and nowhere inside.

One choke point: the resolver that every connection asks for its address. It is asked for IP
literals too, in whatever spelling, and the connection uses exactly the address that was checked,
so that no redirect and no lying name server gets round it. Python's ``is_global`` is not the rule:
it calls multicast, 6to4 and NAT64 addresses of private hosts global, each version others.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
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

# What the IANA registries of special-purpose addresses call no host of the public internet.
_NO_HOSTS_4 = [
    IPv4Network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24",
        "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24",
        "203.0.113.0/24", "224.0.0.0/3",
    )
]  # fmt: skip
_UNICAST_6 = IPv6Network("2000::/3")  # all that IANA has given out for hosts
_NO_HOSTS_6 = [
    IPv6Network(text)
    for text in (
        "2001::/23",  # protocols: Teredo, benchmarks, ORCHID, AS112 and others
        "2001:db8::/32", "2620:4f:8000::/48", "3fff::/20",
    )
]  # fmt: skip
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052
_ISATAP = {0x0000_5EFE, 0x0200_5EFE}  # RFC 5214: the word before an IPv4 address


def is_public(text: str) -> bool:
    """Whether an IP address is a public host, whatever IPv4 address it may embed."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NO_HOSTS_4)
    if address.scope_id is not None:
        return False
    if address in _NAT64:
        return is_public(str(_low(address)))
    if address not in _UNICAST_6 or any(address in network for network in _NO_HOSTS_6):
        return False
    return all(is_public(str(inner)) for inner in _embedded(address))


def _low(address: IPv6Address) -> IPv4Address:
    return IPv4Address(int(address) & 0xFFFF_FFFF)


def _embedded(address: IPv6Address) -> list[IPv4Address]:
    """IPv4 addresses that a tunnel would read out of a unicast IPv6 address."""
    found = [] if address.sixtofour is None else [address.sixtofour]
    if int(address) >> 32 & 0xFFFF_FFFF in _ISATAP:
        found.append(_low(address))
    return found


def _literal(host: str) -> str | None:
    """The IP address that a host spells, in any way that a C library reads; None for a name."""
    if ":" in host:
        return host
    try:
        return socket.inet_ntoa(socket.inet_aton(host.rstrip(".")))
    except (OSError, UnicodeEncodeError):
        return None


def check_url(url: str) -> None:
    """Refused ``bad-url`` for what may not even be asked.

    Other schemes, ports, user names, and hosts that spell an address that is not public.
    """
    if len(url.encode("utf-8", "ignore")) > URL_MAX_BYTES:
        raise Refused("bad-url", f"address longer than {URL_MAX_BYTES} bytes")
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError as error:
        raise Refused("bad-url", f"not an address: {error}") from error
    if parts.scheme not in PORTS or not host:
        raise Refused("bad-url", "not an absolute http(s) address")
    if port not in {None, *PORTS.values()}:
        raise Refused("bad-url", f"port {port} is not the web's")
    if parts.username is not None:
        raise Refused("bad-url", "the address carries a user name")
    literal = _literal(host)
    # The resolver would refuse it too; here it costs neither a connection's time nor a retry.
    if literal is not None and not is_public(literal):
        raise Refused("bad-url", f"{host} is not a public address")


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
