"""Scrapy's settings, hardened: its defaults are made for scraping anything from anywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from newsroom.settings import Settings
from newsroom.urls import URL_MAX_BYTES
from scraper.manners.hosts import SETTING, Hosts
from scraper.outlets.registry import Outlet

BOT = "NewsroomBot/2026.11"
REDIRECTS_MAX = 5
DEPTH_MAX = 3  # sitemap index, sitemap, article
# What took too long is not asked again: a second one in a row ends the run for its host.
RETRIED = [
    "scrapy.exceptions.CannotResolveHostError",
    "scrapy.exceptions.DownloadConnectionRefusedError",
    "scrapy.exceptions.DownloadFailedError",
    "scrapy.exceptions.ResponseDataLossError",
]
_HTTP = "scraper.manners.handler.BoundedHandler"
_COMPRESSION = "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware"


def user_agent(contact: str, mail: str | None = None) -> str:
    """How we introduce ourselves: a name, a version, where to read about us, whom to write to."""
    return f"{BOT} (+{contact}; {mail})" if mail else f"{BOT} (+{contact})"


def build(
    settings: Settings,
    outlets: Sequence[Outlet],
    demo_hosts: Mapping[str, tuple[str, int]],
    *,
    hosts: Hosts | None = None,
) -> dict[str, object]:
    """Settings of one crawl.

    ``demo_hosts``: where demo names live, empty outside the demo. ``hosts``: what all crawlers
    know together; without it this one keeps its manners alone.
    """
    crawl = settings.crawl
    return {
        "BOT_NAME": "newsroom",
        "USER_AGENT": user_agent(crawl.contact, crawl.mail),
        SETTING: hosts,
        "TWISTED_REACTOR": "twisted.internet.asyncioreactor.AsyncioSelectorReactor",
        # -- what may be reached
        "TWISTED_DNS_RESOLVER": "scraper.manners.guard.GuardedResolver",
        "DNSCACHE_ENABLED": False,  # every connection is checked anew
        "NEWSROOM_DEMO_HOSTS": dict(demo_hosts),
        # Named, so that a new default cannot bring a handler that resolves names by itself.
        "DOWNLOAD_HANDLERS": {
            "http": _HTTP,
            "https": _HTTP,
            **dict.fromkeys(("file", "ftp", "s3", "data")),
        },
        "HTTPPROXY_ENABLED": False,  # a proxy would connect on our behalf, past the guard
        "DOWNLOAD_VERIFY_CERTIFICATES": True,  # off by default
        "DOWNLOAD_TLS_MIN_VERSION": "TLSv1.2",
        # -- how much
        "DOWNLOAD_MAXSIZE": crawl.body_max_bytes,  # after decompression; default 1 GiB
        "DOWNLOAD_WARNSIZE": 0,
        "DOWNLOAD_TIMEOUT": crawl.timeout_s,  # default 180
        "REDIRECT_MAX_TIMES": REDIRECTS_MAX,  # default 20
        "DEPTH_LIMIT": DEPTH_MAX,
        "URLLENGTH_LIMIT": URL_MAX_BYTES,
        "METAREFRESH_ENABLED": False,  # used by traps, hardly by newspapers
        "AJAXCRAWL_ENABLED": False,
        "SCHEDULER_MEMORY_QUEUE": "scrapy.squeues.FifoMemoryQueue",  # the top of a page first
        "HTTPERROR_ALLOW_ALL": True,  # every answer is kept and counted, also a 404
        "RETRY_TIMES": 1,
        "RETRY_HTTP_CODES": [500, 502, 504, 408, 522, 524],  # 429 and 503 belong to polite.py
        "RETRY_EXCEPTIONS": RETRIED,
        # -- how fast
        # One outlet at a time asks one thing at a time: what is queued behind a refusal must not
        # go out when three in a row stop the host. Outlets run side by side, each by itself.
        "CONCURRENT_REQUESTS": 1,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
        "DOWNLOAD_DELAY": crawl.delay_s,
        "DOWNLOAD_DELAY_JITTER": 0,  # the floor is a floor
        "DOWNLOAD_SLOTS": _slots(outlets, crawl.delay_s),
        # -- who we are to them
        "COOKIES_ENABLED": False,
        "REFERER_ENABLED": False,
        "DEFAULT_REQUEST_HEADERS": {
            "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.1",
            "Accept-Language": "en",
            **({"From": crawl.mail} if crawl.mail else {}),  # RFC 9110 10.1.2
        },
        # -- no way in, nothing pickled
        "TELNETCONSOLE_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,
        "HTTPCACHE_ENABLED": False,
        "JOBDIR": None,
        # -- our own manners; Scrapy's robots reads a 503 or silence as permission
        "ROBOTSTXT_OBEY": False,
        "DOWNLOADER_MIDDLEWARES": {
            "scraper.manners.guard.GuardMiddleware": 10,
            "scraper.manners.robots.RobotsMiddleware": 100,
            _COMPRESSION: None,
            "scraper.manners.compression.BoundedCompression": 590,
            "scraper.manners.conditional.ConditionalMiddleware": 610,
            # Sees answers before redirects and retries.
            "scraper.manners.polite.PoliteMiddleware": 620,
        },
        "LOG_ENABLED": False,  # the report says what happened
        "LOG_INSTALL_ROOT_HANDLER": False,
        "STATS_DUMP": False,
        "LOGSTATS_INTERVAL": 0,
    }


def _slots(outlets: Sequence[Outlet], floor_s: float) -> dict[str, dict[str, float]]:
    """Pace by host: the outlet's own, never below the floor outside the demo."""
    slots: dict[str, dict[str, float]] = {}
    for outlet in outlets:
        delay_s = outlet.delay_s if outlet.publisher.demo else max(outlet.delay_s, floor_s)
        for host in (outlet.publisher.domain, f"www.{outlet.publisher.domain}"):
            slots[host] = {"concurrency": 1, "delay": delay_s, "jitter": 0}
    return slots
