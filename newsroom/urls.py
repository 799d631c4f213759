"""One spelling per address: canonical URLs, and the site a host belongs to."""

from __future__ import annotations

import re
from functools import cache
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import tldextract
from courlan import clean_url
from w3lib.url import canonicalize_url

from newsroom.errors import Refused

URL_MAX_BYTES = 2083  # the longest URL any browser of the archive years sent

# Other dresses of one page. Only where the rest of the address stays that of the page itself: an
# id is the digest of this, and two articles must never share one.
_DRESSED_HOSTS = ("www.", "m.", "mobile.", "amp.")
_DRESS = frozenset(
    {
        ("outputtype", "amp"), ("output", "amp"), ("amp", ""), ("amp", "1"), ("amp", "true"),
        ("print", ""), ("print", "1"), ("print", "true"), ("view", "print"), ("mode", "print"),
        ("__twitter_impression", "true"),
    }
)  # fmt: skip
# What newspapers hang on their own links to see where readers come from; courlan knows the others.
_TRACKERS = frozenset(
    {"smid", "smtyp", "cmp", "cmpid", "icid", "ito", "ocid", "taid", "sref", "srnd", "emc"}
)
_AMP_PATH = re.compile(
    r"(?P<page>.*/[^/]*[-\d][^/]*?)(?:/amp(?:\.html?)?|\.amp(?P<html>\.html?)?)/?$"
)
_AMP_CACHE = re.compile(
    r"^https?://(?:(?:www\.)?google\.[a-z.]{2,6}/amp|[\w-]+\.cdn\.ampproject\.org/[civ])"
    r"/(s/)?(?=[\w-]+\.)",
    re.IGNORECASE,
)


@cache
def _suffixes() -> tldextract.TLDExtract:
    # The packaged snapshot only: an extractor that downloads its list is a hidden dependency.
    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


def registered_domain(host: str) -> str:
    """``www.bbc.co.uk`` → ``bbc.co.uk``; the host itself where there is no public suffix."""
    host = host.lower().rstrip(".")
    return _suffixes()(host).top_domain_under_public_suffix or host


def site_of(url: str) -> str:
    """The registered domain of an address; empty where it has no host."""
    try:
        return registered_domain(urlsplit(url).hostname or "")
    except ValueError:
        return ""


def canonical(url: str) -> str:
    """Canonical form: https, lower-case host without www, no fragment, no tracking parameters.

    Scheme and ``www.`` are dropped as differences because outlets serve one article under both;
    AMP, mobile and print addresses where they differ from the article's own by a mark only.
    Raises Refused ``bad-url`` for what is no absolute http(s) address.
    """
    url = _AMP_CACHE.sub(lambda m: "https://" if m[1] else "http://", url.strip(), count=1)
    if len(url.encode("utf-8", "ignore")) > URL_MAX_BYTES:
        raise Refused("bad-url", f"address longer than {URL_MAX_BYTES} bytes: {url[:80]}…")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise Refused("bad-url", f"not an address: {url[:200]} ({error})") from error
    if parts.scheme not in {"http", "https"} or not host:
        raise Refused("bad-url", f"not an absolute http(s) address: {url[:200]}")
    url = urlunsplit(parts._replace(query=_plain_query(parts.query)))
    cleaned = clean_url(url) or url
    tidy = urlsplit(canonicalize_url(cleaned, keep_fragments=False))
    host = _plain_host(host.rstrip("."))
    if port not in {None, 80, 443}:
        host = f"{host}:{port}"
    path = _AMP_PATH.sub(r"\g<page>\g<html>", tidy.path).rstrip("/") or "/"
    return urlunsplit(("https", host, path, tidy.query, ""))


def _plain_host(host: str) -> str:
    """The host without its mark of a dress, as long as a registered name is left."""
    for mark in _DRESSED_HOSTS:
        rest = host.removeprefix(mark)
        if rest != host and "." in rest and _suffixes()(rest).domain:
            return _plain_host(rest)
    return host


def _plain_query(query: str) -> str:
    pairs = parse_qsl(query, keep_blank_values=True)
    kept = [
        (name, value)
        for name, value in pairs
        if name.lower() not in _TRACKERS and (name.lower(), value.lower()) not in _DRESS
    ]
    return query if len(kept) == len(pairs) else urlencode(kept)
