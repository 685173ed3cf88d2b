"""The outbox: in the transaction of what happens, in order for each subject, again until it is taken, once for the receiver."""

import json
import random
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from drivers.simulators.case_system import CaseSystem
from gateway import outbox
from gateway.calling import Answer, NoAnswer
from gateway.config.sources import HttpSource, WebhookSettings
from gateway.database import Database
from gateway.delivery import endpoints
from gateway.delivery.courier import HOLD, Courier
from gateway.delivery.sending import Post
from gateway.device import Refused
from gateway.models import (
    CaseRecord,
    Clip,
    Delivery,
    DeliveryAttempt,
    DeliveryState,
    Device,
    Endpoint,
    EndpointKind,
    Link,
    LinkStatus,
    Original,
    OutboxEvent,
    Unit,
    now,
)

SETTINGS = WebhookSettings(
    hosts=("*.example", "127.0.0.1"), attempts=3, first_wait_seconds=1, longest_wait_seconds=600
)
URL = "https://cases.example/hook"


class World:
    """A clock that is set forward by hand, and a receiver that answers as it is told."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.at = datetime(2026, 1, 1, tzinfo=UTC)
        self.answers: Callable[[OutboxEvent], int | None] = lambda _: 200
        self.told: list[tuple[str, str, str]] = []
        """(endpoint, subject, event) of everything that was sent, in order."""
        self.courier = self.another("run")

    def another(self, executor: str, send: Any = None) -> Courier:
        return Courier(
            self.database,
            executor,
            SETTINGS,
            {},
            send or self.send,
            threading.Event(),
            lambda: self.at,
            chance=1.0,
        )

    def send(self, endpoint: Endpoint, event: OutboxEvent, at: datetime) -> Answer:
        self.told.append((endpoint.name, event.subject, event.id))
        status = self.answers(event)
        if status is None:
            raise NoAnswer("nobody there")
        return Answer(status, b"")

    def happen(self, *subjects: str, device: str = "cam-u", kind: str = "clip.labelled") -> list[str]:
        with self.database.write() as session:
            made = [outbox.put(session, kind, subject, {"n": 1}, device_id=device) for subject in subjects]
            return [event.id for event in made if event is not None]

    def hook(self, name: str = "h", unit: str | None = None, kinds: list[str] | None = None) -> str:
        with self.database.write() as session:
            made = endpoints.add_webhook(
                session, "t", SETTINGS.hosts, name=name, url=URL, kinds=kinds or [], unit=unit
            )
            return made.id

    def run(self, seconds: float = 0, step: float = 1) -> None:
        """Rounds over so many seconds of the world's time."""
        ends = self.at + timedelta(seconds=seconds)
        self.courier.round()
        while self.at < ends:
            self.at += timedelta(seconds=step)
            self.courier.round()

    def ids(self, name: str = "h") -> list[str]:
        return [event for endpoint, _, event in self.told if endpoint == name]

    def states(self) -> dict[str, str]:
        with self.database.read() as session:
            return {row.event_id: row.state for row in session.exec(select(Delivery))}


@pytest.fixture
def world(either: Database) -> World:
    with either.write() as session:
        for unit in ("u", "v"):
            session.add(Unit(id=unit, name=unit))
            session.flush()
            session.add(Device(id=f"cam-{unit}", type="body_camera", unit_id=unit))
    return World(either)


def test_what_is_rolled_back_is_told_to_nobody(world: World) -> None:
    world.hook()

    def fail() -> None:
        with world.database.write() as session:
            outbox.put(session, "clip.labelled", "clip:x", {}, device_id="cam-u")
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    kept = world.happen("clip:y")
    world.run()
    assert world.ids() == kept


def test_each_event_is_told_once_and_those_from_before_are_not(world: World) -> None:
    world.hook("before")
    assert len(world.happen("clip:old")) == 1
    world.run()
    world.hook()
    world.told.clear()
    told = world.happen("clip:a", "clip:b", "clip:a")
    world.run(5)
    assert sorted(world.ids()) == sorted(told)
    assert [event for event in world.ids() if event in (told[0], told[2])] == [told[0], told[2]]
    assert set(world.states().values()) == {DeliveryState.DONE}


def test_one_that_is_refused_holds_up_its_subject_only(world: World) -> None:
    world.hook()
    first, other, second = world.happen("clip:a", "clip:b", "clip:a")
    world.answers = lambda event: 422 if event.id == first else 200
    world.run()
    assert world.ids() == [first, other]
    world.answers = lambda _: 200
    world.run(3)
    assert world.ids() == [first, other, first, second]


def test_after_so_many_refusals_an_event_is_dead_visible_and_comes_alive_by_replay(world: World) -> None:
    hook = world.hook()
    bad, good = world.happen("clip:a", "clip:a")
    world.answers = lambda event: 400 if event.id == bad else 204
    world.run(60)
    assert world.states() == {bad: DeliveryState.DEAD, good: DeliveryState.DONE}
    assert world.ids() == [bad, bad, bad, good]
    with world.database.read() as session:
        tried = session.exec(select(DeliveryAttempt.status).order_by(col(DeliveryAttempt.id))).all()
        assert tried == [400, 400, 400, 204]
        assert endpoints.waiting(session, hook) == {"DEAD": 1, "DONE": 1}
    world.answers = lambda _: 200
    with world.database.write() as session:
        endpoint = session.get_one(Endpoint, hook)
        assert endpoints.replay(session, endpoint, "t", after=None, only_dead=True) == 1
    world.run(2)
    assert world.states()[bad] == DeliveryState.DONE
    assert world.ids()[-1] == bad


@pytest.mark.parametrize("status", [None, 500, 401, 429])
def test_one_that_is_unwell_is_left_in_peace_ever_longer(world: World, status: int | None) -> None:
    """An hour of silence and 500: few attempts, one event at a time, nothing lost, nothing told twice."""
    world.hook()
    told = world.happen(*(f"clip:{number}" for number in range(20)))
    world.answers = lambda _: status
    world.run(3600, step=20)
    attempts = len(world.ids())
    assert 8 <= attempts <= 20, attempts
    world.answers = lambda _: 200
    world.run(700, step=20)
    done = [event for event, state in world.states().items() if state == DeliveryState.DONE]
    if status is None:
        assert sorted(done) == sorted(told), "silence says nothing of an event: none dies of it"
    delivered = world.ids()[attempts:]
    assert len(delivered) == len(set(delivered)) == len(done)


def test_an_event_at_which_the_line_breaks_every_time_holds_up_its_subject_only(world: World) -> None:
    world.hook()
    bad, behind, other = world.happen("clip:a", "clip:a", "clip:b")
    world.answers = lambda event: None if event.id == bad else 200
    world.run(30)
    assert world.states() == {bad: DeliveryState.DUE, behind: DeliveryState.DUE, other: DeliveryState.DONE}
    world.answers = lambda _: 200
    world.run(60)
    assert set(world.states().values()) == {DeliveryState.DONE}
    assert [event for event in world.ids() if event != bad] == [other, behind]


def test_one_endpoint_that_is_away_holds_up_no_other(world: World) -> None:
    world.hook("away")
    world.hook("here")
    told = world.happen("clip:a", "clip:b")

    def send(endpoint: Endpoint, event: OutboxEvent, at: datetime) -> Answer:
        if endpoint.name == "away":
            raise NoAnswer("x")
        return world.send(endpoint, event, at)

    world.courier = world.another("run", send)
    world.run(2)
    assert world.ids("here") == told


def test_replay_from_a_cursor_gives_the_same_ids_in_order(world: World) -> None:
    hook = world.hook()
    told = world.happen(*["clip:a"] * 5)
    world.run(5)
    with world.database.write() as session:
        endpoint = session.get_one(Endpoint, hook)
        after = endpoints.position_of(session, hook, told[1])
        assert endpoints.replay(session, endpoint, "t", after=after) == 3
    world.run(5)
    assert world.ids() == [*told, *told[2:]]


def test_a_new_endpoint_can_ask_for_what_others_were_told_before_it(world: World) -> None:
    world.hook("before")
    old = world.happen("clip:a", "clip:b")
    world.run()
    hook = world.hook()
    with world.database.write() as session:
        endpoints.replay(session, session.get_one(Endpoint, hook), "t", after=0)
    world.run()
    assert world.ids() == old


def test_an_endpoint_is_told_its_kinds_and_its_unit_s_only(world: World) -> None:
    world.hook("u", unit="u")
    world.hook("v-offloads", unit="v", kinds=["offload.sealed"])
    world.hook("all")
    mine, theirs = world.happen("clip:a"), world.happen("clip:b", device="cam-v")
    sealed = world.happen("offload:1", device="cam-v", kind="offload.sealed")
    world.run()
    assert world.ids("u") == mine
    assert world.ids("v-offloads") == sealed
    assert sorted(world.ids("all")) == sorted([*mine, *theirs, *sealed])


def linked(session: Session, status: LinkStatus) -> Link:
    """A clip of unit v, linked to a case of unit u."""
    session.add(CaseRecord(uid="k", title="k", unit_id="u", source="sys"))
    session.add(
        Original(id="c", device_id="cam-v", name="c", suffix=".mp4", size=7, sha256="5" * 64, sm3="3" * 64)
    )
    session.flush()
    session.add(Clip(id="c", device_id="cam-v", kind="VIDEO", place="泉北大街"))
    session.flush()
    link = Link(clip_id="c", case_uid="k", verdict="VALID", score=1, reasons=[], rule_pack="p", status=status)
    session.add(link)
    outbox.link_changed(session, link)
    return link


def test_another_unit_learns_of_a_clip_once_a_person_confirmed_it_and_that_it_was_withdrawn(
    world: World,
) -> None:
    world.hook("u", unit="u")
    with world.database.write() as session:
        link_id = linked(session, LinkStatus.PROPOSED).id
    world.run()
    assert world.ids("u") == []
    for status in (LinkStatus.CONFIRMED, LinkStatus.WITHDRAWN):
        with world.database.write() as session:
            link = session.get_one(Link, link_id)
            link.status, link.ended_at = status, now() if status is LinkStatus.WITHDRAWN else None
            session.add(link)
            outbox.link_changed(session, link)
        world.run()
    with world.database.write() as session:
        outbox.clip_changed(session, "clip.labelled", "c")
    world.run()
    with world.database.read() as session:
        told = [session.get_one(OutboxEvent, event).body["status"] for event in world.ids("u")]
    assert told == ["CONFIRMED", "WITHDRAWN"]


def test_two_gateways_never_tell_one_endpoint_at_the_same_time(world: World) -> None:
    hook = world.hook()
    told = world.happen("clip:a")
    other = world.another("other")
    assert other.take(hook, world.at)
    world.run()
    assert world.ids() == []
    assert not world.courier.take(hook, world.at)
    world.at += HOLD + timedelta(seconds=1)
    world.run()
    assert world.ids() == told


def test_positions_follow_the_commits_whoever_wrote_first(world: World) -> None:
    """A reader behind a position has missed nothing before it, however late a transaction commits."""
    if world.database.is_sqlite:
        pytest.skip("one writer at a time")
    world.hook()
    with world.database.write() as late:
        noted = outbox.put(late, "clip.labelled", "clip:slow", {}, device_id="cam-u")
        assert noted is not None
        slow = noted.id
        late.flush()
        quick = world.happen("clip:quick")
        world.run()
        assert world.ids() == quick
    world.run(2)
    assert world.ids() == [*quick, slow]


@pytest.mark.parametrize("seed", range(4))
def test_whatever_the_receiver_does_each_event_arrives_once_and_in_order(world: World, seed: int) -> None:
    """A receiver that fails, loses its answers and is asked by a gateway that is killed in between."""
    dice = random.Random(seed)
    world.hook()
    world.answers = lambda _: dice.choice([200, 200, 500, None, 503])
    taken: list[str] = []

    def send(endpoint: Endpoint, event: OutboxEvent, at: datetime) -> Answer:
        if event.id not in taken and dice.random() < 0.6:
            taken.append(event.id)
        answer = world.send(endpoint, event, at)
        if answer.status == 200 and event.id not in taken:
            taken.append(event.id)
        return answer

    settings = SETTINGS.model_copy(update={"attempts": 1000, "longest_wait_seconds": 5})

    def start() -> None:
        """Also after a kill: what a gateway had in its head is gone."""
        world.courier = Courier(
            world.database, "run", settings, {}, send, threading.Event(), lambda: world.at
        )

    start()
    told: list[str] = []
    for _ in range(15):
        told += world.happen(*(f"clip:{dice.randrange(3)}" for _ in range(dice.randrange(4))))
        if dice.random() < 0.3:
            start()
        world.run(3)
    world.answers = lambda _: 200
    world.run(60)
    assert sorted(taken) == sorted(told)
    with world.database.read() as session:
        subject = {event: session.get_one(OutboxEvent, event).subject for event in told}
    for one in set(subject.values()):
        assert [event for event in taken if subject[event] == one] == [
            event for event in told if subject[event] == one
        ]


@pytest.fixture
def twin() -> Iterator[tuple[CaseSystem, str]]:
    system = CaseSystem(token="t")
    server = system.server()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield system, f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_webhook_is_signed_as_every_receiver_s_library_checks_it(
    world: World, twin: tuple[CaseSystem, str]
) -> None:
    system, url = twin
    hook = world.hook()
    with world.database.write() as session:
        endpoint = session.get_one(Endpoint, hook)
        endpoint.url = f"{url}/hook"
        secret = endpoint.secret or ""
    post = Post(SETTINGS, {})
    world.at = now()
    world.courier = world.another("run", post)
    [event] = world.happen("clip:张")
    world.run()
    post.close()
    [(headers, content)] = system.hooks
    assert headers["webhook-id"] == event
    read = Webhook(secret).verify(content, headers)
    assert read["type"] == "clip.labelled"
    assert read["subject"] == "clip:张"
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(content + b" ", headers)


def test_links_labels_and_digests_are_written_back_to_the_system_of_the_case(
    world: World, twin: tuple[CaseSystem, str]
) -> None:
    system, url = twin
    source = HttpSource.model_validate(
        {"id": "sys", "kind": "http", "url": url, "token": "t", "write_back": True}
    )
    endpoints.register(world.database, [source])
    endpoints.register(world.database, [source])
    post = Post(SETTINGS, {"sys": source})
    world.courier = Courier(world.database, "run", SETTINGS, {"sys": source}, post, threading.Event())
    with world.database.write() as session:
        linked(session, LinkStatus.PROPOSED)
    world.happen("clip:other")
    system.lost = 1
    world.courier.round()
    world.courier.pauses.clear()
    with world.database.write() as session:
        for delivery in session.exec(select(Delivery)):
            delivery.not_before = None
            session.add(delivery)
    world.courier.round()
    post.close()
    [first, second] = system.received
    assert first == second, "the answer was lost, so it came again, under its own id"
    [told] = system.applied.values()
    assert told["cases"] == ["k"]
    assert told["body"]["digests"] == {"size": 7, "sha256": "5" * 64, "sm3": "3" * 64}
    assert told["body"]["labels"]["place"] == "泉北大街"
    assert told["body"]["status"] == "PROPOSED"
    json.dumps(told)


@pytest.mark.parametrize("url", ["http://127.0.0.2/x", "https://example/x", "https://cases.example.org/x"])
def test_only_listed_hosts_are_told(world: World, url: str) -> None:
    with pytest.raises(Refused), world.database.write() as session:
        endpoints.add_webhook(session, "t", SETTINGS.hosts, name="x", url=url, kinds=[], unit=None)
    hook = world.hook()
    with world.database.write() as session:
        session.get_one(Endpoint, hook).url = url
    world.happen("clip:a")
    post = Post(SETTINGS, {})
    world.courier = world.another("run", post)
    world.run()
    post.close()
    with world.database.read() as session:
        tried = session.exec(select(DeliveryAttempt)).one()
    assert tried.status is None
    assert "may be delivered" in (tried.error or "")


def test_a_case_system_that_is_not_in_this_devices_yaml_is_left_to_the_gateway_that_has_it(
    world: World,
) -> None:
    source = HttpSource.model_validate({"id": "sys", "kind": "http", "url": URL, "write_back": True})
    endpoints.register(world.database, [source])
    with world.database.write() as session:
        linked(session, LinkStatus.CONFIRMED)
    world.run()
    assert world.told == []
    assert world.states() == {}
    with world.database.read() as session:
        assert session.get_one(Endpoint, "sys").kind is EndpointKind.CASE_SYSTEM
