"""Day by day: teams go out with cameras, do their work, record it, bring the cameras back, or do not."""

from bisect import bisect_left
from datetime import date, datetime, timedelta
from itertools import combinations
from random import Random

from tests.scenarios.town.builder import Builder
from tests.scenarios.town.duties import Duties
from tests.scenarios.town.footage import DEGREE_M, SHIFTS, Footage, Team
from tests.scenarios.town.plan import (
    KINDS,
    Camera,
    Case,
    Loan,
    Noise,
    Shot,
    Size,
    Step,
    Town,
    Unit,
    local,
    workdays,
)

CLIPS_A_TEAM = 11.0
"""About as many as a team brings home; what it really was so far counts more day by day."""
SPARE, ROOMS_GO_DARK = 1.03, 1.006
"""So much more is recorded than asked for: some takes are never made, some of a room's are lost."""


def build(seed: int, size: Size, noise: Noise) -> Town:
    """The same town for the same seed, size and noise."""
    random = Random(seed)
    town = Builder(random, size, noise).build()
    Days(random, town, size, noise, Random(f"dockings of {seed}")).live()
    chance = Random(f"clips of {seed}")
    never_made(chance, town, round(size.clips * ROOMS_GO_DARK))
    Duties(Random(f"duties of {seed}"), town, noise).tell()
    never_made(chance, town, size.clips)
    town.as_of_night()
    return town


def never_made(random: Random, town: Town, clips: int) -> None:
    """Takes that nobody made after all, on any day, until no more clips are left than asked for."""
    takes: dict[str, list[Shot]] = {}
    for shot in town.shots:
        takes.setdefault(shot.take, []).append(shot)
    left, gone = len(town.shots), set[str]()
    for take in random.sample(sorted(takes), len(takes)):
        if len(takes[take]) <= left - clips:
            left -= len(takes[take])
            gone.add(take)
    town.shots[:] = [shot for shot in town.shots if shot.take not in gone]


class Days:
    def __init__(self, random: Random, town: Town, size: Size, noise: Noise, memory: Random) -> None:
        self.memory = memory
        self.random, self.town, self.size, self.noise = random, town, size, noise
        self.rooms = {one.unit: one for one in town.cameras if one.kind == "ROOM"}
        self.open_cases: dict[str, list[Case]] = {unit.id: [] for unit in town.units}
        self.sites: dict[str, tuple[float, float]] = {}
        self.last_back: dict[str, datetime] = {}
        self.late: set[tuple[str, datetime]] = set()
        self.booked: dict[str, list[tuple[datetime, datetime]]] = {}
        self.dockings: dict[str, set[datetime]] = {}
        self.by_uid: dict[str, Case] = {}
        self.footage = Footage(random, town, noise, self.by_uid, self.late)
        self.owned = {one.owner: one for one in town.cameras if one.owner}
        self.staff = {unit: [one.id for one in town.officers if one.unit == unit] for unit in self.open_cases}
        self.counts = {"case": 0, "step": 0, "team": 0}
        self.owed = {unit: random.uniform(0, 2) for unit in self.open_cases}
        """Swaps that are still to come, where there was nobody to swap with."""
        self.teams_today = 0.0

    def live(self) -> None:
        days = list(workdays(self.size.days))
        for place, day in enumerate(days):
            self.teams_today = self.wanted(day, days[place:])
            for unit in self.town.units:
                self.a_day(unit, day)
        kept = {camera: self.remembered(times) for camera, times in self.dockings.items()}
        for shot in self.town.shots:
            times = kept.get(shot.camera)
            if times:  # a card is emptied whole, whoever docks it
                shot.docked = times[bisect_left(times, shot.start + timedelta(seconds=shot.length_s))]
        self.town.shots.sort(key=lambda one: (one.docked, one.camera, one.start))

    def wanted(self, day: date, left: list[date]) -> float:
        """Teams of a unit today, so that the clips come evenly over all days; few work at weekends."""
        missing = self.size.clips * SPARE - len(self.town.shots)
        a_team = (len(self.town.shots) + 20 * CLIPS_A_TEAM) / (self.counts["team"] + 20)
        clips_today = missing * busy(day) / sum(busy(one) for one in left)
        return clips_today / (a_team * self.size.units)

    def remembered(self, times: set[datetime]) -> list[datetime]:
        *earlier, last = sorted(times)
        return [*(at for at in earlier if self.memory.random() >= self.noise.forgotten), last]

    def next(self, kind: str) -> int:
        self.counts[kind] += 1
        return self.counts[kind]

    def a_day(self, unit: Unit, day: date) -> None:
        teams = self.teams(unit, day)
        self.counts["team"] += len(teams)
        self.swap(unit, teams)
        for team in teams:
            self.work(unit, day, team)
            for camera in team.truly:
                self.dockings.setdefault(camera.id, set()).add(self.docked(team, day))
                self.footage.record(camera, team, day)
        for team in teams:
            self.footage.sit(unit, team)

    def teams(self, unit: Unit, day: date) -> list[Team]:
        officers = list(self.staff[unit.id])
        self.random.shuffle(officers)
        count = int(self.teams_today) + (self.random.random() < self.teams_today % 1)
        free = [one for one in self.town.cameras if one.unit == unit.id and one.kind == "POOL"]
        self.random.shuffle(free)
        used: set[tuple[str, str]] = set()
        teams = []
        for _ in range(count):
            if len(officers) < 3:
                break
            members = tuple(officers.pop() for _ in range(3 if self.random.random() < 0.25 else 2))
            teams.append(Team(members, self.random.choices(("day", "am", "pm"), (70, 15, 15))[0]))
        teams.sort(key=lambda one: SHIFTS[one.shift])
        for team in teams:
            for member in team.officers[: 2 if self.random.random() < 0.4 else 1]:
                self.take_out(team, member, free, used, day)
            team.truly = list(team.cameras)
        return teams

    def take_out(
        self, team: Team, officer: str, free: list[Camera], used: set[tuple[str, str]], day: date
    ) -> None:
        own = self.owned.get(officer)
        if own is not None:
            team.cameras.append(own)
            return
        halves = ("am", "pm") if team.shift == "day" else (team.shift,)
        for camera in free:
            if all((camera.id, half) not in used for half in halves):
                used.update((camera.id, half) for half in halves)
                team.cameras.append(camera)
                self.lend(camera, officer, team, day)
                return

    def lend(self, camera: Camera, officer: str, team: Team, day: date) -> None:
        begins, ends = SHIFTS[team.shift]
        out = local(day, begins) + timedelta(minutes=self.random.uniform(-5, 20))
        back = local(day, ends) + timedelta(minutes=self.random.uniform(-10, 10))
        if self.random.random() < self.noise.late_returns:
            back += timedelta(minutes=self.random.uniform(10, 90))
            self.late.add((camera.id, back))
        before = self.last_back.get(camera.id)
        if before is not None and out < before:
            out = before + timedelta(minutes=1)
            self.late.add((camera.id, out))
        if back <= out:
            back = out + timedelta(minutes=5)
        self.last_back[camera.id] = back
        self.town.loans.append(Loan(camera.id, officer, out, back))

    def swap(self, unit: Unit, teams: list[Team]) -> None:
        """Two teams leave with each other's camera; no paper says so."""
        out = [(team, place) for team in teams for place in range(len(team.cameras))]
        self.town.taken_out += len(out)
        self.owed[unit.id] += self.noise.swaps * len(out)
        pairs = [
            (one, other)
            for one, other in combinations(out, 2)
            if one[0] is not other[0] and one[0].shift == other[0].shift
        ]
        self.random.shuffle(pairs)
        done: list[tuple[Team, int]] = []
        for pair in pairs:
            if self.owed[unit.id] < 2 or any(one in done for one in pair):
                continue
            (team, place), (other, at) = pair
            team.truly[place], other.truly[at] = other.truly[at], team.truly[place]
            team.swapped = other.swapped = True
            done += pair
            self.owed[unit.id] -= 2
            self.town.swapped += 2

    def work(self, unit: Unit, day: date, team: Team) -> None:
        begins, ends = SHIFTS[team.shift]
        now = local(day, begins) + timedelta(minutes=self.random.uniform(20, 60))
        until = local(day, ends) - timedelta(minutes=20)
        next_door = False
        for _ in range(self.random.choice((1, 2, 2, 3, 3, 4))):
            end = now + timedelta(minutes=self.random.uniform(12, 75))
            if end > until:
                return
            beside = team.steps[-1] if next_door else None
            team.steps.append(self.step(unit, team, now, end, beside))
            next_door = team.steps[-1].room is None and self.random.random() < self.noise.next_door
            wait = (1, 5) if next_door else (12, 50)
            now = end + timedelta(minutes=self.random.uniform(*wait))

    def step(
        self, unit: Unit, team: Team, start: datetime, end: datetime, beside: Step | None = None
    ) -> Step:
        """Beside the one before: another party's case, next door."""
        case = self.case(unit, team, start, beside)
        in_room = beside is None and self.random.random() < 0.15 and self.books(unit, start, end)
        latitude, longitude = (unit.latitude, unit.longitude) if in_room else self.sites[case.uid]
        step = Step(
            id=f"a{self.next('step'):06}", case=case.uid,
            kind="询问" if in_room else self.random.choice(KINDS), officers=team.officers,
            start=self.written(start), end=self.written(end), true_start=start, true_end=end,
            latitude=latitude + self.random.uniform(-50, 50) / DEGREE_M,
            longitude=longitude + self.random.uniform(-50, 50) / DEGREE_M,
            room=f"r{unit.id}" if in_room else None,
        )  # fmt: skip
        case.steps.append(step)
        return step

    def books(self, unit: Unit, start: datetime, end: datetime) -> bool:
        """One room of the unit, one interview at a time, and a while to change over."""
        taken = self.booked.setdefault(unit.id, [])
        pause = timedelta(minutes=10)
        if unit.id not in self.rooms or any(start < to + pause and at < end + pause for at, to in taken):
            return False
        taken.append((start, end))
        return True

    def written(self, at: datetime) -> datetime:
        """A 笔录 gives the time to five minutes, and not always the right five."""
        off = at + timedelta(minutes=self.random.gauss(0, 1.5))
        return (
            off
            - timedelta(minutes=off.minute % 5, seconds=off.second, microseconds=off.microsecond)
            + timedelta(minutes=5 * (off.minute % 5 > 2))
        )

    def case(self, unit: Unit, team: Team, start: datetime, beside: Step | None) -> Case:
        recent = self.open_cases[unit.id][-60:]
        mine = [one for one in recent if set(one.handlers) & set(team.officers)]
        if mine and beside is None and self.random.random() < 0.45:
            return self.random.choice(mine)
        number = self.next("case")
        case = Case(
            f"k{number:05}", unit.id, f"涉嫌违法案{number}",
            f"邢{unit.short}罚〔2026〕{number}号", team.officers[:2], start - timedelta(days=1),
        )  # fmt: skip
        self.sites[case.uid] = (
            (beside.latitude, beside.longitude)
            if beside
            else (
                unit.latitude + self.random.uniform(-0.08, 0.08),
                unit.longitude + self.random.uniform(-0.08, 0.08),
            )
        )
        self.open_cases[unit.id].append(case)
        self.town.cases.append(case)
        self.by_uid[case.uid] = case
        return case

    def docked(self, team: Team, day: date) -> datetime:
        if self.random.random() < 0.07:
            return local(day + timedelta(days=1), 7.7)
        return local(day, SHIFTS[team.shift][1] + 0.4)


def busy(day: date) -> float:
    return 1.25 if day.weekday() < 5 else 0.375
