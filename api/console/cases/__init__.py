"""Cases: the list, the record beside its footage, what people say of it, and its evidence."""

from fastapi import APIRouter

from api.console.cases import deeds, evidence, reading

router = APIRouter()
for module in (reading, deeds, evidence):
    router.include_router(module.router)
