"""A page under watch, and what is found wrong with it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
POLICY = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`refused by the policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
"""
ANSWERED = ("cases.example", "evil.example")
"""Tests answer for them; nothing is sent."""
SERIOUS = {"serious", "critical"}
LONGEST_MS = 120_000
"""What is expected of a page comes at once, or on a slow machine beside a busy one a good while later."""


@contextmanager
def visiting(browser: Browser, url: str, **more: Any) -> Iterator[BrowserContext]:
    """A browser of somebody's own at a station PC of this country; `more`: what else `new_context` takes."""
    usual = {"viewport": {"width": 1280, "height": 720}, "locale": "zh-CN", "timezone_id": "Asia/Shanghai"}
    context = browser.new_context(base_url=url, **{**usual, **more})
    context.set_default_timeout(LONGEST_MS)
    try:
        yield context
    finally:
        context.close()


class Watched:
    def __init__(self, page: Page, url: str) -> None:
        self.page, self.host = page, urlsplit(url).netloc
        self.said: list[str] = []
        self.left: list[str] = []
        self.expected: list[str] = []
        page.add_init_script(POLICY)
        page.on("console", self.hear)
        page.on("pageerror", lambda error: self.said.append(f"uncaught: {error}"))
        page.context.on("request", self.see)

    def hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.said.append(message.text)

    def see(self, request: Request) -> None:
        """Also of other pages of this browser, but what a test answers for another host."""
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.netloc not in {self.host, *ANSWERED}:
            self.left.append(request.url)

    def expect(self, text: str) -> None:
        """A test provokes this; it is no fault."""
        self.expected.append(text)

    def wrong(self) -> list[str]:
        said = [line for line in self.said if not any(text in line for text in self.expected)]
        return [*said, *(f"left this host: {url}" for url in self.left)]

    def barriers(self) -> list[str]:
        """What axe-core finds that is serious or worse: run apart from the page's own policy."""
        session = self.page.context.new_cdp_session(self.page)
        session.send("Runtime.evaluate", {"expression": AXE.read_text()})
        told = session.send(
            "Runtime.evaluate",
            {
                "expression": "axe.run(document, {resultTypes: ['violations']}).then(r => JSON.stringify(r.violations.map("
                "v => [v.impact, v.id, v.nodes.map(n => n.target.join(' ') + ' ' + n.failureSummary)])))",
                "awaitPromise": True,
                "returnByValue": True,
            },
        )
        found: list[list[Any]] = json.loads(told["result"]["value"])
        return [f"{rule}: {nodes}" for impact, rule, nodes in found if impact in SERIOUS]
