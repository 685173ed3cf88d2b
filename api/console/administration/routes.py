"""Where the routes of administration are entered."""

from fastapi import APIRouter

router = APIRouter()
