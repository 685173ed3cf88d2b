"""The equipment: what there is, who has it, whether it is enough; and what a correction would change."""

from api.console.equipment import (
    allocations,
    checkouts,
    desk,
    device,
    officers,
    registry,
    sheets,
    standings,
    units,
)
from api.console.equipment.words import BUILT

__all__ = ["BUILT", "MODULES"]

MODULES = (registry, sheets, officers, units, desk, device, allocations, checkouts, standings)
