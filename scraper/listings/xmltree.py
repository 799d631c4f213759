"""XML of strangers as a tree: no document type with entities, no network, bounded on every side.

Broken XML is read as far as it goes. Names are compared without their namespaces, because feeds
leave them out, misspell them, and declare old ones.
"""

from __future__ import annotations

import codecs
import gzip
import io
import re
import zlib

from lxml import etree  # type: ignore[import-untyped]
from w3lib.encoding import resolve_encoding

from newsroom.errors import Refused

XML_MAX_BYTES = 5_000_000
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it starts with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9_.\-]{1,40})""")
_SKIPPED = re.compile(r"\s*(?:<\?.*?\?>|<!--.*?-->)", re.DOTALL)
_PLAIN_DOCTYPE = re.compile(r"\s*<!doctype[^\[<>]{0,1000}>", re.IGNORECASE)
_ANY_DECLARATION = re.compile(r"\s*<!", re.IGNORECASE)


def tree(body: bytes, code: str) -> etree._Element:
    """The root element. Raises Refused ``too-large``, or ``code`` for what is not XML.

    A document type with an internal subset is refused: that is where entities are declared. A
    plain one (RSS 0.91 has it) is skipped, never fetched.
    """
    source = _root_on(text(body, code), code)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, recover=True, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(source.encode("utf-8", "replace"), parser=parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Refused(code, f"not XML: {error}") from error
    if root is None:
        raise Refused(code, "no XML element in it")
    return root


def text(body: bytes, code: str) -> str:
    """The characters of a document, unpacked where it is packed.

    Valid UTF-8 wins over what the prolog declares, which is often wrong.
    """
    body = _unpacked(body, code)
    if len(body) > XML_MAX_BYTES:
        raise Refused("too-large", f"a listing of more than {XML_MAX_BYTES} bytes")
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body.decode(name, "replace").lstrip("\ufeff")
    for start, name in ((b"<\x00", "utf-16-le"), (b"\x00<", "utf-16-be")):
        if body.startswith(start):
            return body.decode(name, "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        stated = _DECLARED.match(body)
        declared = resolve_encoding(stated[1].decode("ascii")) if stated else None
        return body.decode(declared or "cp1252", "replace")


def local(element: etree._Element) -> str:
    """The name of an element without namespace or prefix."""
    return str(element.tag).rpartition("}")[2].rpartition(":")[2]


def _unpacked(body: bytes, code: str) -> bytes:
    if body[:2] != b"\x1f\x8b":
        return body
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as file:
            return file.read(XML_MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise Refused(code, f"not gzip: {error}") from error


def _root_on(source: str, code: str) -> str:
    at = 0
    while skipped := _SKIPPED.match(source, at):
        at = skipped.end()
    if plain := _PLAIN_DOCTYPE.match(source, at):
        at = plain.end()
        while skipped := _SKIPPED.match(source, at):
            at = skipped.end()
    if _ANY_DECLARATION.match(source, at):
        raise Refused(code, "declares entities, which no listing needs")
    rest = source[at:].lstrip()
    if not rest:
        raise Refused(code, "empty")
    return rest
