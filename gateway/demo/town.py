"""The demo's town: who works there, what they have, which cases run, what is configured."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from gateway.config import Settings, from_mapping
from gateway.demo import past

UNIT = "xt-scjg"
UNIT_NAME = "邢台市市场监督管理局"
NAMES = [
    "张伟", "李娜", "王芳", "刘洋", "陈静", "杨光", "赵敏", "黄磊", "周涛", "吴霞",
    "徐强", "孙丽", "马超", "朱琳", "胡军", "郭燕", "何勇", "高洁", "林峰", "罗兰",
]  # fmt: skip
NUMBERS = [f"1305{place:02}" for place in range(1, len(NAMES) + 1)]
"""Police-style officer numbers, which are their ids here, too."""
CONNECTED = [f"net-{place:02}" for place in range(1, 21)]
HELD = 12
"""Of the connected cameras, so many are somebody's own; the others lie in the pool."""
LIVE, ALARMED = "net-07", "net-03"
ROOMS = {"room-1": ("xunwen-1", "第一询问室"), "room-2": ("tingzheng-1", "听证室")}
BAYS = {str(place): f"1-{1 + place // 5}.{1 + (place - 1) % 4}" for place in range(1, 9)}
"""Two hubs of four ports."""
DOCKED = [f"cam-{place:02}" for place in range(1, 8)]
RECORDER = {"link": "dv16", "as_disk": {"product": "8612"}, "password": "774411", "least_battery": 20}
"""The camera in bay 5 shows its card only to who knows its password."""


def settings(
    folder: Path, network: dict[str, Any], rooms: dict[str, str], port: int | None = None
) -> Settings:
    """`network` says where broker and listeners are, `rooms` where each room's stream is."""
    cameras: list[dict[str, Any]] = [
        {"id": one, "name": f"执法记录仪 {one[-2:]}", "match": {"serial": serial_of(one)}, "unit": UNIT}
        for one in DOCKED
    ]
    cameras[4] |= RECORDER | {"match": {"name": "DV16"}}
    cameras[6] |= {"name": "运动相机", "timezone": "America/Los_Angeles"}
    dock = {
        "id": "dock-1", "name": "采集站", "driver": "usb_dock", "unit": UNIT, "bays": BAYS,
        "simulated": "usb", "mounts": "mounts", "cameras": cameras, "poll_seconds": 0.3,
    }  # fmt: skip
    connected = {
        "id": "net", "name": "联网执法记录仪", "driver": "mqtt_camera", "unit": UNIT, **network,
        "cameras": [{"id": one, "name": f"联网记录仪 {one[-2:]}"} for one in CONNECTED],
    }  # fmt: skip
    fixed = [
        {
            "id": device, "name": f"{name}录像机", "driver": "rtsp_recorder", "unit": UNIT, "room": room,
            "url": rooms[device], "mode": "asked", "segment_seconds": 15, "reserve_mb": 64,
        }
        for device, (room, name) in ROOMS.items()
    ]  # fmt: skip
    written = {
        "site": "demo",
        "data": "data",
        "store": {"second_copy": "second", "reserve_mb": 64},
        "devices": [dock, connected, *fixed],
        **({"api": {"port": port}} if port else {}),
    }
    return from_mapping(written, folder.resolve(), {})


def serial_of(camera: str) -> str:
    return f"CAM0{camera[-2:]}"


def registry(morning: datetime, *, with_real: bool) -> dict[str, Any]:
    since = (morning - timedelta(days=90)).isoformat()
    out, back = morning + timedelta(hours=4), morning + timedelta(hours=8)
    valid = {"cert_valid_from": "2019-01-01", "cert_valid_to": "2029-12-31"}
    officers = [
        {"id": number, "name": name, "number": number, "cert_no": f"冀E-{number[2:]}", "unit": UNIT, **valid}
        for number, name in zip(NUMBERS, NAMES, strict=True)
    ]
    paper = {"valid_from": since, "doc_no": "邢市监配〔2024〕3号"}
    allocations: list[dict[str, Any]] = [
        {"device": camera, "kind": "PERSONAL", "officer": NUMBERS[place], **paper}
        for place, camera in enumerate(DOCKED[:6])
        if camera != "cam-02"
    ]
    allocations.append({"device": "cam-02", "kind": "POOL", "unit": UNIT, **paper})
    theirs = zip(CONNECTED, NUMBERS[-HELD:], strict=False)
    allocations += [{"device": one, "kind": "PERSONAL", "officer": who, **paper} for one, who in theirs]
    allocations += [{"device": one, "kind": "POOL", "unit": UNIT, **paper} for one in CONNECTED[HELD:]]
    real = {
        "device": "cam-07",
        "kind": "PERSONAL",
        "officer": "130502",
        "valid_from": "2019-01-01T00:00:00+08:00",
    }
    allocations.append(real if with_real else {**real, **paper})
    return {
        "units": [{"id": UNIT, "name": UNIT_NAME}],
        "rooms": [{"id": room, "name": name, "unit": UNIT} for room, name in ROOMS.values()],
        "officers": officers,
        "devices": [{"id": camera, "serial_no": serial_of(camera)} for camera in DOCKED],
        "allocations": allocations,
        "checkouts": [
            *past.checkouts(morning + timedelta(days=1)),
            {"device": "cam-02", "officer": "130502", "out_at": out.isoformat(), "in_at": back.isoformat()},
        ],
    }


def cases(morning: datetime, now: datetime, *, with_real: bool) -> list[dict[str, Any]]:
    def case(
        number: int, title: str, party: str, handlers: list[str], *steps: dict[str, Any]
    ) -> dict[str, Any]:
        uid = f"case-{number}"
        for step in steps:
            step |= {"id": f"{uid}-{step['kind']}", "officers": handlers}
        return {
            "uid": uid, "title": title, "unit": UNIT, "handlers": handlers, "party_name": party,
            "numbers": [f"冀邢市监罚〔{morning.year}〕{26 + number}号"], "activities": list(steps),
        }  # fmt: skip

    def step(kind: str, begin: datetime, minutes: int, **more: Any) -> dict[str, Any]:
        end = begin + timedelta(minutes=minutes)
        stage = "调查取证" if kind != "听证" else "审核决定"
        return {
            "kind": kind, "stage": stage, "started_at": begin.isoformat(), "ended_at": end.isoformat(), **more,
        }  # fmt: skip

    lately, at = now - timedelta(minutes=20), timedelta(minutes=1)
    found = [
        case(1, "桥西区某超市销售过期食品案", "某超市", ["130501", "130502"],
             step("现场检查", morning + 30 * at, 30, place="桥西区中兴大街")),
        case(2, "襄都区某仓库无证经营案", "某商贸公司", ["130502", "130501"],
             step("查封扣押", morning + 300 * at, 45, place="襄都区开元路")),
        case(3, "信都区某餐馆使用不合格餐具案", "某餐馆", ["130501", "130502"],
             step("询问当事人", lately, 60, room="xunwen-1")),
        case(4, "某医疗器械公司虚假宣传案", "某医疗器械公司", ["130503", "130504"],
             step("听证", lately, 90, room="tingzheng-1")),
        case(5, "任泽区某加油站计量作弊案", "某加油站", ["130503", "130505"],
             step("现场检查", morning + 60 * at, 60, place="任泽区人民路")),
        case(6, "南和区某农资店销售假化肥案", "某农资店", ["130509", "130510"],
             step("现场检查", lately, 60, place="南和区和阳大街")),
    ]  # fmt: skip
    if with_real:
        found[1]["activities"].append(
            {
                "id": "case-2-实拍", "kind": "现场检查", "stage": "调查取证",
                "started_at": "2019-11-18T23:40:00+00:00", "ended_at": "2019-11-18T23:55:00+00:00",
                "officers": ["130501", "130502"],
            }
        )  # fmt: skip
    return [*past.cases(now, UNIT), *found]
