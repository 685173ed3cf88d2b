"""Pages of cases and parties: the text beside the footage, lines and seconds, evidence."""

from tests.integration.test_api_matrix import CASES, EVERYBODY, LEDGER, Row

NOTE = {"clip": "clip-{}", "at": "0:05", "line": "问：何时购进？", "activity": "step-{}"}
ROWS = [
    Row("GET", "/cases", EVERYBODY, listing=True),
    Row("GET", "/cases/case-{}", EVERYBODY),
    Row("GET", "/cases/case-{}/footage", EVERYBODY),
    Row("GET", "/cases/case-{}/evidence", EVERYBODY),
    Row("GET", "/cases/case-{}/evidence/file", EVERYBODY, query="format=xlsx"),
    Row("POST", "/cases/case-{}/package", LEDGER, body={"purpose": "移送人民法院"}),
    Row("POST", "/cases/case-{}/notes", CASES, body=NOTE),
    Row("POST", "/cases/case-{}/notes/note-{}", CASES, body={"at": "6", "line": "问：何时？"}),
    Row(
        "POST", "/cases/case-{}/statements", LEDGER,
        body={"activity": "step-{}", "what": "GAP.battery", "why": "电池耗尽"},
    ),
    Row("POST", "/cases/case-{}/links/link-{}/confirm", LEDGER, body={"why": "核对无误"}),
    Row("POST", "/cases/case-{}/links/link-{}/withdraw", LEDGER, body={"why": "不是本案"}),
    Row("GET", "/parties/party-{}", EVERYBODY),
]  # fmt: skip
