"""One spelling per address: canonical URLs, and the site a host belongs to."""

from __future__ import annotations

from functools import cache
from urllib.parse import urlsplit, urlunsplit

import tldextract
from courlan import clean_url
from w3lib.url import canonicalize_url

from newsroom.errors import Refused

URL_MAX_BYTES = 2083  # the longest URL any browser of the archive years sent


@cache
def _suffixes() -> tldextract.TLDExtract:
    # The packaged snapshot only: an extractor that downloads its list is a hidden dependency.
    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


def registered_domain(host: str) -> str:
    """``www.bbc.co.uk`` → ``bbc.co.uk``; the host itself where there is no public suffix."""
    host = host.lower().rstrip(".")
    return _suffixes()(host).top_domain_under_public_suffix or host


def canonical(url: str) -> str:
    """Canonical form: https, lower-case host without www, no fragment, no tracking parameters.

    Scheme and ``www.`` are dropped as differences because outlets serve one article under both.
    Raises Refused ``bad-url`` for what is no absolute http(s) address.
    """
    url = url.strip()
    if len(url.encode("utf-8", "ignore")) > URL_MAX_BYTES:
        raise Refused("bad-url", f"address longer than {URL_MAX_BYTES} bytes: {url[:80]}…")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise Refused("bad-url", f"not an address: {url[:200]} ({error})") from error
    if parts.scheme not in {"http", "https"} or not host:
        raise Refused("bad-url", f"not an absolute http(s) address: {url[:200]}")
    cleaned = clean_url(url) or url
    tidy = urlsplit(canonicalize_url(cleaned, keep_fragments=False))
    host = host.rstrip(".").removeprefix("www.")
    if port not in {None, 80, 443}:
        host = f"{host}:{port}"
    path = tidy.path.rstrip("/") or "/"
    return urlunsplit(("https", host, path, tidy.query, ""))
