"""Identifiers that are functions of content: the same input has the same id on every host."""

from __future__ import annotations

from hashlib import sha256

ID_HEX = 32  # 128 bits: as long as the Media Bias Detector's ids, collision-free in practice


def digest(*parts: str | bytes) -> str:
    """Full SHA-256 hex of the parts, each preceded by its length so that no two lists collide."""
    h = sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else part.encode("utf-8", "surrogatepass")
        h.update(len(data).to_bytes(8, "big"))
        h.update(data)
    return h.hexdigest()


def text_sha256(text: str) -> str:
    """Plain SHA-256 hex of the UTF-8 text, so that anyone can recompute it."""
    return sha256(text.encode("utf-8")).hexdigest()


def content_sha256(title: str, text: str) -> str:
    """Digest of what a labeller reads: headline, blank line, text. Labels are made on this."""
    return text_sha256(f"{title}\n\n{text}")


def body_sha256(body: bytes) -> str:
    """Plain SHA-256 hex of the bytes as received (after content decoding)."""
    return sha256(body).hexdigest()


def article_id(canonical_url: str) -> str:
    """Id of an article: 32 hex digits of its canonical URL's digest."""
    return digest("article", canonical_url)[:ID_HEX]


def page_id(canonical_url: str, body_digest: str) -> str:
    """Id of a fetched page: the same bytes under the same URL are the same page."""
    return digest("page", canonical_url, body_digest)[:ID_HEX]


def snapshot_id(publisher_id: str, taken_at: str, body_digest: str) -> str:
    """Id of one look at a front page; ``taken_at`` in ISO 8601, the digest empty without a body."""
    return digest("front-page", publisher_id, taken_at, body_digest)[:ID_HEX]


def refusal_id(source: str, code: str, body_digest: str = "") -> str:
    """Id of a refusal: the same source refused again for the same reason is one row."""
    return digest("refusal", source, code, body_digest)[:ID_HEX]


def run_id(*configuration: str) -> str:
    """Id of a labelling run: the digest of everything that could change its labels."""
    return digest("run", *configuration)[:ID_HEX]


def answer_id(prompt_sha256: str, raw: str) -> str:
    """Id of a model's answer: the same words to the same prompt are one answer."""
    return digest("answer", prompt_sha256, raw)[:ID_HEX]
