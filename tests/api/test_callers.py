"""Whose requests are counted together, and who is believed about who asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.callers import Door
from newsroom.settings import Api

OPEN = Door.of(Api())
PROXIED = Door.of(Api(proxies="10.0.0.0/8,127.0.0.1,fd00::/8"))


@pytest.mark.parametrize(
    ("peer", "bucket"),
    [
        ("192.0.2.7", "192.0.2.0/24"),
        ("192.0.2.99", "192.0.2.0/24"),
        ("192.0.3.7", "192.0.3.0/24"),
        ("2001:db8:1:2ff::1", "2001:db8:1:200::/56"),
        ("2001:db8:1:200:9::", "2001:db8:1:200::/56"),
        ("::ffff:192.0.2.7", "192.0.2.0/24"),
        ("127.0.0.1", None),
        ("::1", None),
        ("in-process", None),
        (None, "unknown"),
    ],
)
def test_neighbours_share_a_bucket(peer, bucket) -> None:
    assert OPEN.bucket(peer, []) == bucket


@given(st.lists(st.one_of(st.ip_addresses().map(str), st.text(max_size=20)), max_size=4))
def test_a_forged_header_changes_nothing(forwarded) -> None:
    assert OPEN.bucket("192.0.2.7", forwarded) == "192.0.2.0/24"
    assert PROXIED.bucket("192.0.2.7", forwarded) == "192.0.2.0/24"


def test_who_forwards_unlisted_is_counted() -> None:
    assert OPEN.bucket("127.0.0.1", ["198.51.100.4"]) == "127.0.0.0/24"
    assert OPEN.bucket("127.0.0.1", ["in-process"]) == "127.0.0.0/24"


@pytest.mark.parametrize(
    ("forwarded", "bucket"),
    [
        (["198.51.100.4"], "198.51.100.0/24"),
        (["203.0.113.9, 198.51.100.4"], "198.51.100.0/24"),
        (["203.0.113.9", "198.51.100.4, 10.2.2.2"], "198.51.100.0/24"),
        (["10.9.9.9, 10.2.2.2"], "10.9.9.0/24"),
        (["203.0.113.9, nonsense"], "10.1.1.0/24"),
        (["203.0.113.9, nonsense, 10.3.3.3"], "10.3.3.0/24"),
        (["[2001:db8::1]"], "2001:db8::/56"),
        (["in-process"], "10.1.1.0/24"),
        ([], "10.1.1.0/24"),
    ],
)
def test_a_listed_proxy_is_believed_about_its_neighbour(forwarded, bucket) -> None:
    assert PROXIED.bucket("10.1.1.1", forwarded) == bucket


def test_behind_a_proxy_of_this_machine_readers_are_counted() -> None:
    assert PROXIED.bucket("127.0.0.1", ["198.51.100.4"]) == "198.51.100.0/24"
    assert PROXIED.bucket("127.0.0.1", ["127.0.0.9"]) is None
