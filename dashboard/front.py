"""What stands before the server: page addresses lead to the one document, with its CSP.

Dash's own catch-all would answer every unknown path with the dashboard; here only the paths of
`links.ROUTES` do, so a typing error under /v1 stays a 404.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any, Final

from dashboard import links

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

# Mantine and Plotly set style attributes and elements from script, hence 'unsafe-inline' there;
# Plotly exports images through data: and blob:.
POLICY: Final = (
    "default-src 'self'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
OWN_PATHS: Final = ("/_dash-", "/assets/", "/_favicon.ico", "/_reload-hash")


class Front:
    """ASGI middleware; everything that is not the dashboard's passes through untouched."""

    def __init__(self, app: App, script_hashes: Sequence[str]) -> None:
        self.app = app
        policy = POLICY.format(hashes=" ".join(script_hashes))
        self.headers = [
            (b"content-security-policy", policy.encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"no-referrer"),
            (b"cross-origin-opener-policy", b"same-origin"),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a page's address to the document, and the policy with everything of ours."""
        path = scope.get("path", "")
        page = scope["type"] == "http" and links.route(path) is not None
        if not page and not path.startswith(OWN_PATHS):
            await self.app(scope, receive, send)
            return
        if page and scope["method"] in {"GET", "HEAD"}:
            scope = {**scope, "path": "/", "raw_path": b"/", "method": "GET"}

        async def guarded(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in self.headers}
                kept = [pair for pair in message.get("headers", []) if pair[0].lower() not in given]
                message = {**message, "headers": [*kept, *self.headers]}
            await send(message)

        await self.app(scope, receive, guarded)
