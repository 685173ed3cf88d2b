"""Clips found among a million, as the API finds them; beside it the same by LIKE."""

import random
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, text
from sqlmodel import SQLModel

from api.v1.clips import Asked, clips
from gateway import migrations
from gateway.database import Database
from gateway.models import (
    CaseAlias,
    CaseParty,
    CaseRecord,
    Device,
    Officer,
    Party,
    PartyKind,
    Role,
    Unit,
)
from gateway.search import upkeep
from gateway.visibility import Viewer

Note = Callable[..., None]
CLIPS, CASES, OFFICERS, UNITS = 1_000_000, 50_000, 1_500, 40
CLOSED = 3
"""Units that closed: what they recorded is old, and much."""
PAGE = 5_000
BEGIN, EVERY = datetime(2023, 11, 1, tzinfo=UTC), timedelta(seconds=95)
TRADES = ("食品", "药店", "建材", "餐饮", "物流", "超市", "印刷", "家具", "电器", "服装", "化工", "粮油")
CAUSES = (
    "经营过期食品",
    "无照经营",
    "虚假广告",
    "销售不合格电线",
    "未按规定明码标价",
    "侵犯注册商标专用权",
    "计量器具未检定",
)
ROADS = ("新华", "团结", "泉北", "守敬", "中兴", "冶金", "红星", "建设", "钢铁", "襄都", "百泉", "顺德")
AREAS = ("桥东区", "桥西区", "襄都区", "信都区", "任泽区", "南和区", "开发区")
FAMILY, GIVEN = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗", "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平"
NAIVE = (
    "SELECT c.id FROM clip c JOIN original o ON o.id = c.id JOIN device d ON d.id = c.device_id"
    " LEFT JOIN officer f ON f.id = c.officer_id WHERE {where} ORDER BY c.id DESC LIMIT 51"
)
IN_ANY = (
    "(c.place LIKE {0} OR c.matter LIKE {0} OR c.case_no LIKE {0} OR o.name LIKE {0} OR d.name LIKE {0} OR f.name LIKE {0}"
    " OR EXISTS (SELECT 1 FROM link l JOIN caserecord k ON k.uid = l.case_uid WHERE l.clip_id = c.id AND l.ended_at IS NULL"
    " AND (k.title LIKE {0} OR EXISTS (SELECT 1 FROM casealias a WHERE a.case_uid = k.uid AND a.raw LIKE {0})"
    " OR EXISTS (SELECT 1 FROM caseparty p WHERE p.case_uid = k.uid AND p.name LIKE {0}))))"
)


def million(scratch: Path, note: Note) -> None:
    database = Database(f"sqlite:///{scratch / 'search.sqlite'}")
    migrations.upgrade(database.engine)
    began = time.perf_counter()
    build(database, CLIPS)
    made = time.perf_counter()
    upkeep.rebuild(database)
    print(
        f"    built in {made - began:.0f} s, made findable in {time.perf_counter() - made:.0f} s", flush=True
    )
    measure(database, note)
    database.close()


def measure(database: Database, note: Note) -> None:
    ours: dict[str, list[float]] = {}
    for name, viewer, asked in mix():
        began = time.perf_counter()
        clips(viewer, database, Asked(**asked))
        ours.setdefault(name, []).append(time.perf_counter() - began)
    every = sorted(one for taken in ours.values() for one in taken)
    slow = max(ours, key=lambda name: statistics.median(ours[name]))
    p95 = every[int(len(every) * 0.95)]
    note(
        f"search among {CLIPS:,} clips, p95", 1000 * p95, "ms", 150,
        f"{len(every)} searches of {len(ours)} kinds; median {1000 * statistics.median(every):.0f}, longest {1000 * every[-1]:.0f}; "
        f"slowest kind: {slow}, {1000 * statistics.median(ours[slow]):.0f}",
        at_least=False,
    )  # fmt: skip
    for name, taken in ours.items():
        print(
            f"    {name}: {1000 * statistics.median(taken):.1f} ms, longest {1000 * max(taken):.1f}",
            flush=True,
        )
    naive = [
        seconds(database, words) for words in (("过期食品", "守敬路88号"), ("王伟", "印刷"), ("不存在的",))
    ]
    note(
        "search against LIKE", statistics.median(naive) / statistics.median(every), "×", 20,
        f"the same by LIKE: median {statistics.median(naive):.1f} s",
    )  # fmt: skip


def seconds(database: Database, words: tuple[str, ...]) -> float:
    where = " AND ".join(IN_ANY.format(f":w{place}") for place in range(len(words)))
    given = {f"w{place}": f"%{word}%" for place, word in enumerate(words)}
    began = time.perf_counter()
    with database.read() as session:
        session.execute(text(NAIVE.format(where=where)), given).all()
    return time.perf_counter() - began


def mix() -> Iterator[tuple[str, Viewer, dict[str, Any]]]:
    """(kind, who asks, what): of one unit, of some, of all; each kind several times with other words."""
    chance = random.Random(7)
    everybody = Viewer("w", "w", Role.ADMIN, None)
    for turn in range(12):
        units = [f"u{chance.randrange(CLOSED, UNITS)}" for _ in range((1, 8, 1)[turn % 3])]
        viewer = everybody if turn % 3 == 2 else Viewer("w", "w", Role.SUPERVISOR, frozenset(units))
        name, road, trade = person(chance), chance.choice(ROADS), chance.choice(TRADES)
        day = BEGIN + timedelta(days=chance.randrange(1000))
        for kind, asked in {
            "nothing": {},
            "two characters": {"q": trade},
            "a common word": {"q": "有限公司"},
            "officer's name": {"q": name},
            "one character": {"q": name[0]},
            "words that meet seldom": {"q": f"{name} {road}路 {trade}"},
            "a place exactly": {"place": f"{road}路{chance.randrange(1, 200)}号"},
            "case number": {"q": f"冀邢市监罚(2024){chance.randrange(1, CASES)}号"},
            "nothing found": {"q": "不存在的"},
            "common characters that nowhere meet": {"q": "公限有司"},
            "officer": {"officer": f"o{chance.randrange(OFFICERS)}"},
            "device": {"device": f"d{chance.randrange(OFFICERS)}", "q": road},
            "case": {"case": f"k{chance.randrange(CASES)}"},
            "a week": {"captured_after": day, "captured_before": day + timedelta(days=7)},
            "a week and a word": {
                "captured_after": day,
                "captured_before": day + timedelta(days=7),
                "q": road,
            },
            "unlinked": {"unlinked": True},
            "unlinked at a place": {"unlinked": True, "place": road, "q": "桥东"},
            "quarantined": {"quarantined": True},
            "quarantined and a word": {"quarantined": True, "q": trade},
            "no place, no matter": {"missing": ["place", "matter"]},
            "no officer, a word": {"missing": ["officer"], "q": trade},
            "a unit that closed": {"q": "已撤并"},
        }.items():
            yield kind, viewer, asked


def build(database: Database, count: int) -> None:
    chance = random.Random(1)
    people(database, chance)
    cases(database, chance)
    places = [
        f"{chance.choice(AREAS)}{chance.choice(ROADS)}路{chance.randrange(1, 200)}号" for _ in range(4_000)
    ]
    for first in range(0, count, PAGE):
        footage(database, chance, range(first, min(first + PAGE, count)), count, places)


def person(chance: random.Random) -> str:
    return chance.choice(FAMILY) + "".join(chance.choice(GIVEN) for _ in range(chance.choice((1, 2))))


def people(database: Database, chance: random.Random) -> None:
    put(database, Unit, [{"id": f"u{one}", "name": f"市场监管所{one}"} for one in range(UNITS)])
    units = [f"u{one % UNITS}" for one in range(OFFICERS)]
    put(
        database, Officer,
        [{"id": f"o{one}", "name": person(chance), "unit_id": unit, "number": f"{100000 + one}"} for one, unit in enumerate(units)],
    )  # fmt: skip
    put(
        database, Device,
        [{"id": f"d{one}", "name": f"执法记录仪{one}" + "已撤并" * (unit in {"u0", "u1", "u2"}), "type": "body_camera", "unit_id": unit}
         for one, unit in enumerate(units)],
    )  # fmt: skip


def cases(database: Database, chance: random.Random) -> None:
    kept, aliases, parties, who = [], [], [], []
    for one in range(CASES):
        firm = f"邢台{chance.choice(GIVEN)}{chance.choice(GIVEN)}{chance.choice(TRADES)}有限公司"
        kept.append(
            {"uid": f"k{one}", "title": f"{firm}涉嫌{chance.choice(CAUSES)}案", "unit_id": f"u{one % UNITS}"}
        )
        number = f"冀邢市监罚〔{2023 + one % 4}〕{one}号"
        aliases.append({"id": f"a{one}", "case_uid": f"k{one}", "raw": number, "norm": number})
        parties.append({"id": f"p{one}", "kind": PartyKind.ORGANISATION})
        who.append(
            {
                "id": f"cp{one}",
                "case_uid": f"k{one}",
                "party_id": f"p{one}",
                "place": 0,
                "name": firm,
                "detail": {},
            }
        )
    for model, rows in ((CaseRecord, kept), (CaseAlias, aliases), (Party, parties), (CaseParty, who)):
        put(database, model, [{**row, **({"handlers": []} if model is CaseRecord else {})} for row in rows])


ROWS = {
    "original": "id, device_id, state, sha256, name, suffix, size, found_at",
    "clip": "id, device_id, kind, described, started_at, ended_at, declared, important, place, officer_id",
    "link": "id, clip_id, case_uid, verdict, score, status, reasons, losers, facts, rule_pack, made_by, made_at",
}
LACKS = [
    f'[{{"code": "labels.missing", "facts": {{"labels": "{labels}"}}}}]'
    for labels in ("证明对象", "证明对象", "证明对象", "采集地点、证明对象")
]


def footage(database: Database, chance: random.Random, numbers: range, count: int, places: list[str]) -> None:
    """As SQLite keeps it: through objects it would take three times as long."""
    rows: dict[str, list[tuple[Any, ...]]] = {table: [] for table in ROWS}
    for number in numbers:
        clip, at, device = f"{number:032x}", BEGIN + number * EVERY, chance.randrange(OFFICERS)
        if number > count // 2 and device % UNITS < CLOSED:
            device = (device + CLOSED) % OFFICERS
        state = "QUARANTINED" if chance.random() < 0.002 else "PRESERVED"
        start, end = (f"{one:%Y-%m-%d %H:%M:%S}.000000" for one in (at, at + timedelta(minutes=12)))
        place = chance.choice(places) if chance.random() < 0.9 else None
        officer = f"o{device}" if chance.random() < 0.95 else None
        name = f"MAH{number % 100000:05}.MP4"
        rows["original"].append((clip, f"d{device}", state, clip, name, ".mp4", 1, end))
        rows["clip"].append((clip, f"d{device}", "VIDEO", "READY", start, end, "{}", 0, place, officer))
        if chance.random() < 0.8:
            status = "CONFIRMED" if chance.random() < 0.3 else "PROPOSED"
            case = f"k{min(CASES - 1, number * CASES // count + chance.randrange(40))}"
            link = (
                f"l{number}",
                clip,
                case,
                "VALID",
                1.0,
                status,
                chance.choice(LACKS),
                "[]",
                "{}",
                "p",
                "gateway",
                end,
            )
            rows["link"].append(link)
    with database.write() as session:
        for table, told in rows.items():
            columns = ROWS[table]
            marks = ", ".join("?" for _ in columns.split(","))
            session.connection().exec_driver_sql(f"INSERT INTO {table} ({columns}) VALUES ({marks})", told)


def put(database: Database, model: type[SQLModel], rows: list[dict[str, Any]]) -> None:
    with database.write() as session:
        for first in range(0, len(rows), PAGE):
            session.execute(insert(model), rows[first : first + PAGE])
