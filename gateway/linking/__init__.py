"""Decides clips on the facts as they stand; `preview`, `effects` and `compared` write nothing."""

from gateway.linking.certified import certificate_due
from gateway.linking.comparing import Looked, compared, with_pack
from gateway.linking.deciding import Judged, differences, preview, relink
from gateway.linking.due import affected, drain, due, holding_due, kept_due, take_due
from gateway.linking.effects import Effect, effects
from gateway.linking.labelling import OPEN, enter_labels
from gateway.linking.outings import together_due
from gateway.linking.together import device_due, outing_due
from gateway.linking.told_anew import case_due, known

__all__ = [
    "OPEN",
    "Effect",
    "Judged",
    "Looked",
    "affected",
    "case_due",
    "certificate_due",
    "compared",
    "device_due",
    "differences",
    "drain",
    "due",
    "effects",
    "enter_labels",
    "holding_due",
    "kept_due",
    "known",
    "outing_due",
    "preview",
    "relink",
    "take_due",
    "together_due",
    "with_pack",
]
