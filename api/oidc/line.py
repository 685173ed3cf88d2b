"""How authlib speaks to the sign-in service: by our own caller, no second HTTP library comes along."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from gateway.calling import Answer, Caller, NoAnswer

ONCE = {"connection": "close"}
"""Sign-ins are rare: no line stays open between them."""


class Line:
    """What authlib calls a session."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller

    def post(self, url: str, *, data: Mapping[str, str], headers: Mapping[str, str], auth: Any) -> "Told":
        """Raises NoAnswer."""
        url, sent, body = auth.prepare("POST", url, {**headers, **ONCE}, urlencode(data))
        return Told(self.caller.call("POST", url, sent, body.encode()))


class Told:
    """An answer, as authlib asks for it."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.status_code = answer.status

    def raise_for_status(self) -> None:
        """Refusals are told in the body (RFC 6749, 5.2)."""
        if self.status_code >= 500:
            raise NoAnswer(f"token_endpoint: HTTP {self.status_code}")

    def json(self) -> dict[str, Any]:
        told = json_object(self.answer)
        if told is None:
            raise NoAnswer(f"token_endpoint: HTTP {self.status_code} and no JSON object")
        return told


def json_object(answer: Answer) -> dict[str, Any] | None:
    try:
        told = json.loads(answer.content)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None
