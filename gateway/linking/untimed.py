"""Links that say of their clip that its time is not known: what was read contradicts itself (LK-1, LK-7)."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Text, and_, case, cast, literal
from sqlmodel import col, or_

from gateway.models import Link
from gateway.models.columns import Json
from gateway.rules.labels import TIME

WORD: Any = or_(
    *(
        cast(col(Link.reasons), Text).contains(written, autoescape=True)
        for written in (TIME, json.dumps(TIME).strip('"'))
    )
)


CARD: Any = case((WORD, col(Link.reasons)))
"""A reason card, if it has that word at all: unpacking every one would cost a quarter of a report."""


def card_if(condition: Any) -> Any:
    """That card where a condition holds, empty where it has not the word; None where it does not hold."""
    return case((and_(condition, WORD), col(Link.reasons)), (condition, literal([], Json)))


def doubts_time(card: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a link's reason card says that the clip's time is not known."""
    return any(
        TIME in str(one.get("facts", {}).get("labels", "")) for one in card if one["code"] == "labels.missing"
    )
