"""What every answer carries, and what is turned away before anything looks at it."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems
from api.origin import is_ours

LARGEST = 8 * 1024 * 1024
FOREIGN = (
    "Open the console by its own address and try again; a proxy before us must pass `Host` on. "
    "请求来自其他网站：请用本系统的网址打开后重试；前置代理须原样转发 Host"
)
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",  # Tabler draws its ticks and arrows as data
        "media-src 'self' blob:",  # hls.js feeds the player from memory
        "connect-src 'self'",
        "font-src 'self'",
        "worker-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""Nothing from elsewhere, no script or style in a page itself: what is written into a name never runs."""


class Headers:
    """Adds the headers every answer carries; passes bodies through untouched, however large."""

    ALWAYS = (
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"same-origin"),
        (b"cache-control", b"no-store"),
        (b"content-security-policy", POLICY.encode()),
        (b"x-frame-options", b"DENY"),  # for browsers that know no frame-ancestors
        (b"cross-origin-resource-policy", b"same-origin"),
        (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), usb=(), payment=()"),
    )

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message["headers"]}
                missing = [header for header in self.ALWAYS if header[0] not in present]
                message["headers"] = [*message["headers"], *missing]
            await send(message)

        if too_large(scope):
            answer = problems.body(413, "The request is too large", f"At most {LARGEST} bytes.")
            await answer(scope, receive, with_headers)
            return
        if scope["type"] == "http" and not is_ours(scope["method"], dict(scope["headers"])):
            foreign = problems.body(403, "The request comes from another site", FOREIGN)
            await foreign(scope, receive, with_headers)
            return
        await self.app(scope, receive, with_headers)


def too_large(scope: Scope) -> bool:
    """Judged by what the client announces; a body without a length is for nobody here."""
    if scope["type"] != "http" or scope["method"] in {"GET", "HEAD", "DELETE"}:
        return False
    headers = dict(scope["headers"])
    length = headers.get(b"content-length", b"")
    return b"transfer-encoding" in headers or len(length) > 18 or (length.isdigit() and int(length) > LARGEST)
