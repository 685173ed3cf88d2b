"""What the cameras of a team record while it works: takes, cut into files, with what is said of them."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random

from tests.scenarios.town.plan import Camera, Case, Noise, Shot, Step, Town, Unit, local

SHIFTS = {"day": (8.0, 18.5), "am": (8.0, 12.25), "pm": (12.75, 18.5)}
DEGREE_M = 111_000.0
SHOWN = timedelta(seconds=60)
"""A file shows so much of a step, or it shows another."""


@dataclass
class Team:
    officers: tuple[str, ...]
    shift: str
    cameras: list[Camera] = field(default_factory=list)
    """By the ledger."""
    truly: list[Camera] = field(default_factory=list)
    swapped: bool = False
    steps: list[Step] = field(default_factory=list)
    out: datetime | None = None
    back: datetime | None = None


class Footage:
    def __init__(
        self,
        random: Random,
        town: Town,
        noise: Noise,
        cases: dict[str, Case],
        late: set[tuple[str, datetime]],
    ) -> None:
        self.random, self.town, self.noise = random, town, noise
        self.by_uid, self.late = cases, late
        self.rooms = {one.unit: one for one in town.cameras if one.kind == "ROOM"}
        self.units = {one.id: one for one in town.units}
        self.numbers = {one.id: one.number for one in town.officers}
        self.counts = {"shot": 0, "take": 0}

    def next(self, kind: str) -> int:
        self.counts[kind] += 1
        return self.counts[kind]

    def record(self, camera: Camera, team: Team, day: date) -> None:
        outside = [step for step in team.steps if step.room is None]
        at = 0
        while at < len(outside):
            shown = [outside[at]]
            while self.runs_on(outside, at):
                at += 1
                shown.append(outside[at])
            at += 1
            if self.random.random() <= 0.94:
                self.record_steps(camera, team, shown)
        if self.random.random() < self.noise.stray * 4:
            self.record_nothing(camera, team, day)

    def runs_on(self, steps: list[Step], at: int) -> bool:
        """Who goes next door mostly lets the camera run."""
        if at + 1 >= len(steps):
            return False
        wait = steps[at + 1].true_start - steps[at].true_end
        return wait < timedelta(minutes=6) and self.random.random() < 0.7

    def record_steps(self, camera: Camera, team: Team, steps: list[Step]) -> None:
        first, last = steps[0], steps[-1]
        start = first.true_start - timedelta(seconds=self.random.uniform(0, 180))
        end = last.true_end + timedelta(seconds=self.random.uniform(0, 120))
        takes = [(start, end)]
        if first is last and self.random.random() < 0.15:
            middle = start + (end - start) * self.random.uniform(0.3, 0.7)
            takes = [(start, middle), (middle + timedelta(minutes=self.random.uniform(1, 6)), end)]
        for begin, stop in takes:
            if stop - begin > timedelta(seconds=20):
                self.take(camera, team, steps, begin, stop)
        if self.random.random() < 0.08:
            at = first.true_start + (first.true_end - first.true_start) * self.random.random()
            self.take(camera, team, [first], at, at)

    def record_nothing(self, camera: Camera, team: Team, day: date) -> None:
        begins, ends = SHIFTS[team.shift]
        at = local(day, self.random.uniform(begins + 0.5, ends - 0.5))
        beside = all(
            at > one.true_end + timedelta(minutes=6) or at < one.true_start - timedelta(minutes=12)
            for one in team.steps
        )
        if beside:
            length = timedelta(seconds=self.random.uniform(20, 300))
            self.take(camera, team, [], at, at + length)

    def take(self, camera: Camera, team: Team, steps: list[Step], start: datetime, end: datetime) -> None:
        """One take, cut into files; the number is given once, at its beginning."""
        take = f"t{self.next('take'):06}"
        number, hard = self.number(steps)
        if team.swapped and camera not in team.cameras:
            hard.append("swap")
        if abs(camera.error_s) > 5:
            hard.append("clock" if camera.is_read else "clock nobody read")
        if any(name == camera.id and abs((at - start).total_seconds()) < 7200 for name, at in self.late):
            hard.append("late return")
        if len(steps) > 1:
            hard.append("run on")
        begin = start
        while True:
            length = min(float(camera.segment_s), (end - begin).total_seconds())
            stop = begin + timedelta(seconds=length)
            seen = steps if len(steps) < 2 else [one for one in steps if is_shown(one, begin, stop)]
            self.shot(camera, seen, begin, length, take, number if begin == start else None, hard)
            begin = stop
            if (end - begin).total_seconds() < 1:
                return

    def number(self, steps: list[Step]) -> tuple[str | None, list[str]]:
        """Who goes on to another case gives the number of none."""
        if len({step.case for step in steps}) != 1 or self.random.random() >= self.noise.numbered:
            return None, []
        right = self.by_uid[steps[0].case]
        if self.random.random() >= self.noise.wrong_numbers:
            return right.number, []
        if self.random.random() < 0.5:
            return self.random.choice(self.town.cases[-400:]).number, ["wrong number"]
        digit = str(self.random.randrange(10))
        return right.number.replace("号", f"{digit}号"), ["wrong number"]

    def shot(
        self, camera: Camera, steps: list[Step], start: datetime, length: float, take: str,
        number: str | None, hard: list[str],
    ) -> None:  # fmt: skip
        place: tuple[float, float] | tuple[None, None] = (None, None)
        if camera.has_track and steps:
            step = steps[0]
            off = [self.random.gauss(0, 25) / DEGREE_M for _ in range(2)]
            place = (step.latitude + off[0], step.longitude + off[1])
        elif camera.has_track:
            unit = self.units[camera.unit]
            place = (
                unit.latitude + self.random.uniform(-0.1, 0.1),
                unit.longitude + self.random.uniform(-0.1, 0.1),
            )
        self.town.shots.append(
            Shot(
                id=f"c{self.next('shot'):07}",
                camera=camera.id,
                start=start,
                length_s=round(length, 3),
                take=take,
                latitude=place[0],
                longitude=place[1],
                number=number,
                officer_number=self.told_officer(camera),
                docked=start + timedelta(seconds=length),
                truth=tuple((step.case, step.id) for step in steps),
                why_hard=tuple(hard),
            )
        )

    def told_officer(self, camera: Camera) -> str | None:
        """A camera of one's own bears its owner's number, whoever uses it today."""
        if camera.owner is None:
            return None
        return self.numbers[camera.owner]

    def sit(self, unit: Unit, team: Team) -> None:
        """Interviews: the room records them, whoever comes."""
        for step in team.steps:
            room = self.rooms.get(unit.id)
            if step.room is None or room is None:
                continue
            take, begin = f"t{self.next('take'):06}", step.true_start - timedelta(seconds=60)
            while begin < step.true_end:
                length = min(1800.0, (step.true_end - begin).total_seconds())
                end = begin + timedelta(seconds=length)
                self.shot(room, [step], begin, length, take, None, [])
                begin = end


def is_shown(step: Step, start: datetime, end: datetime) -> bool:
    """Whether a file of a take that goes through several steps shows this one."""
    shared = min(step.true_end, end) - max(step.true_start, start)
    return shared > min(SHOWN, (end - start) / 2)
