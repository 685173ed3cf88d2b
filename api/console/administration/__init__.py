"""What an administrator looks after: people, keys, who is told, rules, orders, and how the gateway stands."""

from api.console.administration import people, systems, views
from api.console.administration.routes import router

__all__ = ["people", "router", "systems", "views"]
