"""Where the routes of the work list are entered."""

from fastapi import APIRouter

router = APIRouter()
