"""What the server adds to every answer: security headers, and Chinese words to Streamlit's own page."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self' ws: wss:; worker-src 'self' blob:; frame-ancestors 'self'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
}


class ChineseShell:
    """Middleware: security headers on every answer, and Streamlit's own page made Chinese.

    Streamlit's built-in texts are English (streamlit#1353); a word list in /ui/zh.js replaces them.
    """

    def __init__(self, app: ASGIApp, headers: dict[str, str]) -> None:
        self.app = app
        self.headers = [(k.lower().encode(), v.encode()) for k, v in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on; hold back an HTML page until it is whole."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        # A compressed page could not be changed; pages are 2 kB, so they go out as they are.
        scope["headers"] = [h for h in scope["headers"] if not _asks_html(scope, h[0])]
        start: Message = {}
        parts: list[bytes] = []

        async def hold(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                start["headers"] = [*message["headers"], *self.headers]
                if not _is_html(start):
                    await send(start)
            elif not _is_html(start):
                await send(message)
            else:
                parts.append(message.get("body", b""))
                if not message.get("more_body", False):
                    page = _in_chinese(b"".join(parts))
                    kept = [h for h in start["headers"] if h[0].lower() != b"content-length"]
                    start["headers"] = [*kept, (b"content-length", str(len(page)).encode())]
                    await send(start)
                    await send({"type": "http.response.body", "body": page})

        await self.app(scope, receive, hold)


def _asks_html(scope: Scope, header: bytes) -> bool:
    """Whether to take this request header away: compression of a page, and its cache check."""
    accept = dict(scope["headers"]).get(b"accept", b"")
    return b"text/html" in accept and header in (b"accept-encoding", b"if-none-match")


def _is_html(start: Message) -> bool:
    return any(
        name.lower() == b"content-type" and value.startswith(b"text/html")
        for name, value in start["headers"]
    )


def _in_chinese(page: bytes) -> bytes:
    """Streamlit's page; one that is Chinese already is ours, and imported text on it stays as it is."""
    if b'<html lang="en"' not in page:
        return page
    page = page.replace(b'<html lang="en"', b'<html lang="zh-CN"')
    return page.replace(b"</head>", b'<script src="/ui/zh.js"></script></head>', 1)
