"""Bytes to characters, or a named refusal: never a page of replacement marks."""

from __future__ import annotations

import codecs
import re

from charset_normalizer import from_bytes
from w3lib.encoding import http_content_type_encoding, resolve_encoding

from newsroom.errors import Refused

BODY_MAX_BYTES = 10_000_000  # Media Cloud: more than 99.99 % of pages fit
HTML_TYPES = {"text/html", "application/xhtml+xml"}
SNIFF_BYTES = 4096
LOOK_BYTES = 65_536
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_TAG = re.compile(
    rb"<\s*(?:!doctype\s+html|html|head|body|title|a|ul|span|article|main|div|p|h1|table|meta)[\s>/]",
    re.IGNORECASE,
)
_META_CHARSET = re.compile(
    rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([a-z0-9_\-]+)""", re.IGNORECASE
)


def is_html_type(content_type: str | None) -> bool:
    """Whether a Content-Type header may head a web page; an absent one may."""
    if not content_type:
        return True
    return content_type.split(";", 1)[0].strip().lower() in HTML_TYPES


def html_text(body: bytes, content_type: str | None = None) -> str:
    """The characters of a page. Refused ``not-html``, ``too-large`` or ``decode``.

    Valid UTF-8 wins over what the page declares: text in another encoding is hardly ever valid
    UTF-8 by chance, while wrong declarations are common.
    """
    if not is_html_type(content_type):
        raise Refused("not-html", f"the server calls it {content_type}"[:200])
    if len(body) > BODY_MAX_BYTES:
        raise Refused("too-large", f"{len(body)} bytes, more than {BODY_MAX_BYTES}")
    for bom, name in _BOMS:
        if body.startswith(bom):
            return _decoded(body, name)
    if not _TAG.search(body[:LOOK_BYTES]):
        raise Refused("not-html", "no HTML element in it")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        # A body cut off within its last character, or one stray byte in a long page.
        if error.start >= len(body) - 4:
            return body[: error.start].decode("utf-8")
    declared = http_content_type_encoding(content_type) or _declared_in_page(body)
    if declared and declared != "utf-8":
        return _decoded(body, declared)
    best = from_bytes(body[:LOOK_BYTES], threshold=0.2).best() if not declared else None
    return _decoded(body, best.encoding if best else "utf-8")


def _declared_in_page(body: bytes) -> str | None:
    found = _META_CHARSET.search(body[:SNIFF_BYTES])
    return resolve_encoding(found.group(1).decode("ascii")) if found else None


def _decoded(body: bytes, encoding: str) -> str:
    text = body.decode(encoding, "replace")
    # One bad byte in a thousand is damage a reader can live with; more is a wrong encoding.
    if text.count("\ufffd") > len(text) / 1000 + 1:
        raise Refused("decode", f"not text in {encoding}")
    return text
