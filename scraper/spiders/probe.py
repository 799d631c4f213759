"""The spider that only asks: some addresses, one answer each, nothing followed, nothing stored."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, cast

from scrapy import Spider
from scrapy.http import Request, Response
from twisted.python.failure import Failure


class ProbeSpider(Spider):
    """Puts a Response or an Exception for each address into ``answers``."""

    name = "probe"

    def __init__(self, *, urls: Sequence[str], answers: dict[str, Response | Exception]) -> None:
        super().__init__()
        self.urls = urls
        self.answers = answers

    async def start(self) -> AsyncIterator[Any]:
        """Ask every address."""
        for url in self.urls:
            yield Request(
                url,
                callback=self.answered,
                errback=self.failed,
                dont_filter=True,
                meta={"asked": url},
            )

    def answered(self, response: Response) -> None:
        """Keep the answer."""
        self.answers[str(response.meta["asked"])] = response

    def failed(self, failure: Failure) -> None:
        """Keep the error."""
        request = cast("Request", cast("Any", failure).request)
        self.answers[str(request.meta["asked"])] = cast("Exception", failure.value)
