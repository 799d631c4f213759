"""Who asks: the address of a caller, and the bucket that its requests are counted in. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final, Self

from newsroom.settings import Api

Address = IPv4Address | IPv6Address

V4_PREFIX: Final = 24
V6_PREFIX: Final = 56  # what one household is commonly given


@dataclass(frozen=True, slots=True)
class Networks:
    """Some networks, to ask whether an address is in one of them."""

    parts: tuple[IPv4Network | IPv6Network, ...]

    @classmethod
    def read(cls, text: str) -> Self:
        """Networks separated by commas, as the settings have them."""
        return cls(tuple(ip_network(part.strip()) for part in text.split(",") if part.strip()))

    def __contains__(self, address: Address) -> bool:
        return any(address.version == n.version and address in n for n in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Which neighbours are believed, and which are not counted."""

    proxies: Networks
    unlimited: Networks

    @classmethod
    def of(cls, settings: Api) -> Self:
        """The door of these settings."""
        return cls(
            proxies=Networks.read(settings.proxies), unlimited=Networks.read(settings.unlimited)
        )

    def bucket(self, peer: str | None, forwarded: Sequence[str]) -> str | None:
        """The network whose requests a request is counted with; None: it is not counted.

        ``peer`` is who is connected, ``forwarded`` the values of X-Forwarded-For, each header in
        its order. A listed proxy is believed about who asked it, and so on from the right; nobody
        else is. A peer that is no address is this very process. One that forwards without being
        listed is a proxy that somebody forgot to list: it is counted, whatever its network.
        """
        if peer is None:
            return "unknown"
        if (address := _read(peer)) is None:
            return None
        chain = [part.strip() for value in forwarded for part in value.split(",")]
        if chain and address not in self.proxies:
            return _network(address)
        while chain and address in self.proxies:
            if (before := _read(chain.pop())) is None:
                break
            address = before
        return None if address in self.unlimited else _network(address)


def _read(text: str) -> Address | None:
    try:
        address = ip_address(text.strip("[]"))
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _network(address: Address) -> str:
    if isinstance(address, IPv4Address):
        return str(IPv4Network((int(address), V4_PREFIX), strict=False))
    return str(IPv6Network((int(address), V6_PREFIX), strict=False))
