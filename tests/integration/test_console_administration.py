"""Administration: for administrators alone, with the custody that the commands write, and nobody locks everybody out."""

from tests.integration.test_api_matrix import ADMIN, Row, roles

BOSS = roles(ADMIN)
PEOPLE = "/administration/people"
ROWS = [
    *(Row("GET", f"/administration{tab}", BOSS, listing=True) for tab in ("", "/people", "/systems", "/rules", "/orders")),
    Row("POST", PEOPLE, BOSS, body={"name": "wu", "role": "evidence", "unit": "{}"}),
    Row("POST", f"{PEOPLE}/nobody/place", BOSS, body={"role": "evidence"}),
    Row("POST", f"{PEOPLE}/nobody/password", BOSS, body={"new": "long enough"}),
    Row("POST", f"{PEOPLE}/nobody/disable", BOSS),
    Row("POST", f"{PEOPLE}/nobody/keys/new", BOSS, body={"label": "x"}),
    Row("POST", "/administration/keys/none/revoke", BOSS),
    Row("POST", "/administration/systems", BOSS, body={"name": "n", "url": "https://cases.example/{}", "unit": "{}"}),
    Row("POST", "/administration/systems/hook-{}/off", BOSS),
]  # fmt: skip
