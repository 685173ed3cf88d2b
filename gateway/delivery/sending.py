"""One delivery on the wire: a signed webhook (Standard Webhooks), or a write-back to a case system."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from standardwebhooks.webhooks import Webhook

from gateway.calling import Answer, Caller
from gateway.case_sources.pull import bearer
from gateway.config.sources import HttpSource, WebhookSettings
from gateway.delivery.endpoints import check_host
from gateway.models import Endpoint, EndpointKind, OutboxEvent


class Sender(Protocol):
    def __call__(self, endpoint: Endpoint, event: OutboxEvent, at: datetime) -> Answer:
        """Raises NoAnswer; Refused where it may not be sent there."""


class Post:
    """The real one: HTTP."""

    def __init__(self, settings: WebhookSettings, systems: Mapping[str, HttpSource]) -> None:
        self.settings, self.systems = settings, systems
        self.hooks = Caller(settings.timeout_seconds)
        self.callers = {name: Caller(system.timeout_seconds, system.ca) for name, system in systems.items()}

    def __call__(self, endpoint: Endpoint, event: OutboxEvent, at: datetime) -> Answer:
        if endpoint.kind is EndpointKind.CASE_SYSTEM:
            return self.write_back(self.systems[endpoint.id], event)
        check_host(endpoint.url, self.settings.hosts)
        content = payload(event)
        return self.hooks.call("POST", endpoint.url, signed(endpoint, event, content, at), content.encode())

    def write_back(self, system: HttpSource, event: OutboxEvent) -> Answer:
        """PUT under the event's own id: a second time is the same as once."""
        told = {
            "id": event.id, "kind": event.kind, "subject": event.subject, "at": instant(event.at),
            "cases": event.cases, "body": event.body,
        }  # fmt: skip
        headers = bearer(system) | {"content-type": "application/json"}
        url = f"{system.url}/write-back/{event.id}"
        return self.callers[system.id].call("PUT", url, headers, written(told).encode())

    def close(self) -> None:
        for caller in (self.hooks, *self.callers.values()):
            caller.close()


def payload(event: OutboxEvent) -> str:
    return written(
        {"type": event.kind, "timestamp": instant(event.at), "subject": event.subject, "data": event.body}
    )


def signed(endpoint: Endpoint, event: OutboxEvent, content: str, at: datetime) -> dict[str, str]:
    """webhook-id is the event's: whoever has seen it passes it by. The time is that of this attempt."""
    assert endpoint.secret is not None
    at = at.astimezone(UTC)
    return {
        "content-type": "application/json",
        "webhook-id": event.id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(endpoint.secret).sign(event.id, at, content),
    }


def written(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
