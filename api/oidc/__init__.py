"""Signing in by a city's own sign-in service (OpenID Connect): docs/adr/0018.

`provider` asks it and checks what it says, `bindings` decides which account of ours that is.
"""

from api.oidc.provider import Provider
from api.oidc.told import LASTS_S, STATUS, Begun, NotEntered, Somebody, Why

__all__ = ["LASTS_S", "STATUS", "Begun", "NotEntered", "Provider", "Somebody", "Why"]
