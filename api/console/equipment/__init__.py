"""The equipment: what there is, who has it, whether it is enough; and what a correction would change."""

from api.console.equipment import correcting, desk, device, officers, registry, sheets
from api.console.equipment.words import BUILT

__all__ = ["BUILT", "MODULES"]

MODULES = (registry, sheets, officers, desk, device, correcting)
