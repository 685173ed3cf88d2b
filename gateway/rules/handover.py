"""Which device an officer may take from a cabinet, where one is put back (R-44 to R-46, AL-3, AL-5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum


class Claim(IntEnum):
    """By what right an officer takes a device; the lower goes first."""

    PERSONAL = 0
    SHARED = 1
    NONE = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class BayFacts:
    """One bay, as the board, the dock and the ledger know it together."""

    bay: str
    occupied: bool
    device: str | None = None
    """The camera that the dock has identified in it."""
    in_service: bool = True
    claim: Claim = Claim.NONE
    is_done: bool = False
    """Everything that lay on it is safe."""
    set_aside: int = 0
    """Files of it that a person has to look at first: quarantined, or listed and never read."""
    battery: int | None = None
    fault: bool = False
    reserved: bool = False
    """Its lock was opened for somebody a moment ago."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Open this bay: to take what lies in it, or to put a device back (`device` is None)."""

    bay: str
    device: str | None


@dataclass(frozen=True, slots=True)
class Denied:
    """Nothing is opened, and why: a code with its facts."""

    code: str
    facts: Mapping[str, object] = field(default_factory=dict)


def decide(
    bays: Sequence[BayFacts],
    *,
    has_one_out: bool,
    certificate: bool | None,
    least_battery: int,
    has_left: bool = False,
) -> Opening | Denied:
    """What a known officer's badge opens, or why it opens nothing.

    Who has a device out is shown an empty bay; else his own device goes before a shared one, and of those
    the one with the fullest battery.
    """
    if has_one_out:
        free = [bay for bay in bays if not (bay.occupied or bay.fault or bay.reserved)]
        return Opening(bay=free[0].bay, device=None) if free else Denied("handover.no_free_bay")
    if has_left:
        return Denied("handover.has_left")
    if certificate is False:
        return Denied("handover.certificate")
    claimed = [bay for bay in bays if bay.occupied and bay.device and bay.claim is not Claim.NONE]
    whys = {bay.bay: not_yet(bay, least_battery) for bay in claimed}
    ready = [bay for bay in claimed if whys[bay.bay] is None]
    if ready:
        best = min(ready, key=lambda bay: (bay.claim, -(bay.battery or 0)))
        return Opening(bay=best.bay, device=best.device)
    for bay in sorted(claimed, key=lambda bay: bay.claim):
        if why := whys[bay.bay]:
            return why
    return Denied("handover.none_for_you")


def not_yet(bay: BayFacts, least_battery: int) -> Denied | None:
    """Why a device must not leave its bay now; None if it may."""
    if not bay.in_service:
        return Denied("handover.not_in_service", {"device": bay.device})
    if bay.reserved:
        return Denied("handover.taken_now", {"bay": bay.bay})
    if bay.set_aside:
        return Denied("handover.look_first", {"device": bay.device, "files": bay.set_aside})
    if not bay.is_done:
        return Denied("handover.still_copying", {"device": bay.device, "bay": bay.bay})
    if bay.fault:
        return Denied("handover.fault", {"bay": bay.bay})
    if least_battery and (bay.battery is None or bay.battery < least_battery):
        battery = "?" if bay.battery is None else bay.battery
        return Denied(
            "handover.low_battery", {"device": bay.device, "battery": battery, "least": least_battery}
        )
    return None
