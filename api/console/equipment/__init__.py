"""The equipment: what there is, who has it, whether it is enough; and what a correction would change."""

from fastapi import APIRouter

from api.console.equipment import correcting, desk, device, officers, registry, sheets
from api.console.equipment.words import BUILT

__all__ = ["BUILT", "router"]

router = APIRouter()
for module in (registry, sheets, officers, desk, device, correcting):
    router.include_router(module.router)
