"""What an administrator looks after: people, keys, who is told, rules, orders, and how the gateway stands."""

from fastapi import APIRouter

from api.console.administration import people, systems, views

router = APIRouter()
for module in (views, people, systems):
    router.include_router(module.router)
