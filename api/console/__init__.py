"""The console: pages for people, rendered here and kept current by events; they ask what the API asks."""

from fastapi import APIRouter, Depends

from api.console import (
    account,
    administration,
    board,
    cases,
    clip,
    clip_deciding,
    clip_labels,
    clips,
    docks,
    entrance,
    equipment,
    files,
    holds,
    kiosk,
    oidc,
    parties,
    purposes,
    receipts,
    reports,
    retrieval,
    wall,
    work,
)
from api.parameters import known_only, storable_only

MODULES = (
    files,
    entrance,
    oidc,
    purposes,
    account,
    docks,
    kiosk,
    receipts,
    clips,
    work,
    *retrieval.MODULES,
    wall,
    administration,
    board,
    *equipment.MODULES,
    *reports.MODULES,
    clip,
    clip_deciding,
    clip_labels,
    *cases.MODULES,
    parties,
    holds,
)

router = APIRouter(include_in_schema=False, dependencies=[Depends(storable_only), Depends(known_only)])
for module in MODULES:
    router.include_router(module.router)
