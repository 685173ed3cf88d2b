"""The people and the devices of a town, before anybody has done anything."""

from random import Random

from tests.scenarios.town.plan import DISTRICTS, TRADES, Camera, Noise, Officer, Size, Town, Unit

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华建文博志宇浩欣悦晨阳雪梅兰竹菊松柏青"


class Builder:
    def __init__(self, random: Random, size: Size, noise: Noise) -> None:
        self.random, self.size, self.noise = random, size, noise
        self.town = Town()

    def build(self) -> Town:
        self.people()
        self.equipment()
        return self.town

    def people(self) -> None:
        for place in range(self.size.units):
            district = DISTRICTS[place % len(DISTRICTS)]
            trade, short = TRADES[place % len(TRADES)]
            self.town.units.append(
                Unit(
                    f"u{place:02}",
                    f"{district}区{trade}",
                    f"{district[0]}{short}",
                    37.07 + self.random.uniform(-0.5, 0.5),
                    114.5 + self.random.uniform(-0.5, 0.5),
                )
            )
        for place in range(self.size.officers):
            unit = self.town.units[place % self.size.units]
            name = self.random.choice(SURNAMES) + "".join(self.random.choices(GIVEN, k=2))
            self.town.officers.append(Officer(f"p{place:03}", name, unit.id, f"{130500 + place:06}"))

    def equipment(self) -> None:
        for place in range(self.size.devices):
            unit = self.town.units[place % self.size.units]
            rank = place // self.size.units
            owners = [one for one in self.town.officers if one.unit == unit.id]
            kind = "ROOM" if rank == 0 else "PERSONAL" if rank <= 6 else "POOL"
            is_wrong = kind != "ROOM" and self.random.random() < self.noise.wrong_clocks
            self.town.cameras.append(
                Camera(
                    id=f"d{place:03}",
                    unit=unit.id,
                    kind=kind,
                    owner=owners[rank].id if kind == "PERSONAL" and rank < len(owners) else None,
                    error_s=self.error() if is_wrong else self.random.uniform(-2, 2),
                    is_read=self.random.random() >= self.noise.unread_clocks,
                    has_track=kind != "ROOM" and self.random.random() < self.noise.positioned,
                    segment_s=self.random.choice((600, 900, 1800)),
                )
            )

    def error(self) -> float:
        """Minutes mostly, hours often enough: a battery that was flat, a wrong zone, an hour of summer time."""
        largest = self.noise.largest_error_h * 3600
        if self.random.random() < 0.5:
            return self.random.uniform(-1800, 1800)
        return self.random.uniform(-largest, largest)
