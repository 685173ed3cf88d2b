"""Whether a clip may be archived with its case: all five labels are given, for each of its links (R-01)."""

from collections.abc import Iterable
from typing import Any

from gateway.models import Link, LinkStatus
from gateway.rules.findings import Verdict
from gateway.wording import reason


def why_not(links: Iterable[Link]) -> list[dict[str, Any]]:
    """What keeps a clip from being archived, once each; nothing: it is archivable.

    A rejected link is no evidence in its case, and asks for no labels.
    """
    standing = [link for link in links if link.ended_at is None and link.status is not LinkStatus.WITHDRAWN]
    borne = [link for link in standing if link.verdict != Verdict.REJECTED]
    if not borne:
        rejected = [one for link in standing for one in link.reasons if not one["passed"]]
        return rejected or [dict(reason("labels.no_link"))]
    found: list[dict[str, Any]] = []
    for link in borne:
        lacks = [one for one in link.reasons if one["code"] == "labels.missing"]
        found += [one for one in lacks if one not in found]
    return found
