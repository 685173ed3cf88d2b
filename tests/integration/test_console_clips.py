"""The list of clips as a browser gets it: found, narrowed, kept, labelled and linked together, undone."""

import re

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from gateway.database import Database
from gateway.models import BulkAction, BulkItem, Clip, CustodyEvent, Link, Rendition, SavedSearch, User
from tests.integration.test_api_matrix import EVERYBODY, LEDGER, WATCH, Row

ROWS = [
    Row("GET", "/clips", EVERYBODY, listing=True),
    Row("GET", "/clips-found", EVERYBODY, query="q=one", listing=True),
    Row("GET", "/clips-cases", EVERYBODY, query="case=case-v", listing=True),
    Row("GET", "/clips/clip-{}/thumb", WATCH),
    Row("POST", "/clips-many", LEDGER, body={"what": "label", "ids": "clip-{}", "place": "桥东区"}),
    Row("GET", "/clips-many/many-{role}-{}", LEDGER),
    Row("POST", "/clips-many/many-{role}-{}/undo", LEDGER),
    Row("POST", "/searches", EVERYBODY, body={"name": "未关联", "query": "linked=no"}, listing=True),
    Row("POST", "/searches/kept-{}/remove", EVERYBODY, listing=True),
]
