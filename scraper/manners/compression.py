"""Content codings with a bound on everything: output, memory, and how often they are wrapped.

Scrapy bounds the output. A zstd frame may also ask for a window of gigabytes before its first
byte; RFC 9659 allows 8 MB in HTTP. More than two codings around one body are no honest server.
"""

from __future__ import annotations

import io

from backports import zstd
from scrapy import Spider
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Request, Response

from newsroom.errors import Refused

CODINGS_MAX = 2
ZSTD_WINDOW_LOG_MAX = 23  # 8 MB
_CHUNK_BYTES = 65_536


class BoundedCompression(HttpCompressionMiddleware):
    """Scrapy's decoding, its refusals under our codes: Refused ``too-large`` or ``decode``."""

    def process_response(
        self, request: Request, response: Response, spider: Spider | None = None
    ) -> Request | Response:
        """The response with its body decoded."""
        codings = b",".join(response.headers.getlist("Content-Encoding")).split(b",")
        if len(codings) > CODINGS_MAX:
            raise Refused("decode", f"{len(codings)} content codings around one body")
        try:
            return super().process_response(request, response, spider)
        except IgnoreRequest as error:
            raise Refused("too-large", "more than the size limit once decoded") from error
        except (zstd.ZstdError, OSError, EOFError, ValueError) as error:
            raise Refused("decode", f"not what its content coding says: {error}"[:200]) from error

    @staticmethod
    def _decode(body: bytes, encoding: bytes, max_size: int) -> bytes:
        if encoding != b"zstd":
            return HttpCompressionMiddleware._decode(body, encoding, max_size)
        options = {int(zstd.DecompressionParameter.window_log_max): ZSTD_WINDOW_LOG_MAX}
        decoded = io.BytesIO()
        with zstd.ZstdFile(io.BytesIO(body), options=options) as file:
            while chunk := file.read(_CHUNK_BYTES):
                if decoded.tell() + len(chunk) > max_size:
                    raise Refused("too-large", "more than the size limit once decoded")
                decoded.write(chunk)
        return decoded.getvalue()
