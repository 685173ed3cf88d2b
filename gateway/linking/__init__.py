"""Decides clips on the facts as they stand; `preview` and `effects` write nothing."""

from gateway.linking.deciding import Judged, differences, preview, relink
from gateway.linking.due import affected, drain, due, take_due
from gateway.linking.effects import Effect, effects

__all__ = [
    "Effect",
    "Judged",
    "affected",
    "differences",
    "drain",
    "due",
    "effects",
    "preview",
    "relink",
    "take_due",
]
