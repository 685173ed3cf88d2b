"""Who decides as head of which unit: entered by the administrator."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import StringConstraints
from sqlmodel import col, select

from api.console import pages
from api.signin import Administrator, Db
from api.v1 import requests
from api.v1.requests import HeadIn
from gateway.models import User
from gateway.roster import unit_names
from gateway.visibility import RIGHTS, Right

router = APIRouter()

Named = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), Form()]


@router.get("/retrieval/heads")
def heads_page(request: Request, viewer: Administrator, database: Db) -> Response:
    able = [role for role, rights in RIGHTS.items() if Right.VIEW in rights]
    with database.read() as session:
        names = unit_names(session)
        people = session.exec(
            select(User.name)
            .where(col(User.role).in_(able), col(User.disabled).is_(False))
            .order_by(User.name)
        ).all()
    heads = requests.heads(viewer, database)
    return pages.page(request, "retrieval_heads.html", viewer, heads=heads, names=names, people=people)


@router.post("/retrieval/heads")
def appoint(
    viewer: Administrator,
    database: Db,
    user: Named,
    unit: Named,
) -> Response:
    requests.appoint(HeadIn(user=user, unit=unit), viewer, database)
    return RedirectResponse("/retrieval/heads", 303)


@router.post("/retrieval/heads/{head_id}/end")
def dismiss(head_id: str, viewer: Administrator, database: Db) -> Response:
    requests.dismiss(head_id, viewer, database)
    return RedirectResponse("/retrieval/heads", 303)
