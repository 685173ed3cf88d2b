"""Clips: found by words at once, labelled and linked by the page, all of it undone if need be."""

from fastapi import APIRouter

from api.console.clips import listing, many, saved, thumbs

router = APIRouter()
for part in (listing, saved, many, thumbs):
    router.routes.extend(part.router.routes)
