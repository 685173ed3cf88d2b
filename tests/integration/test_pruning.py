"""What the outbox holds: nothing where nobody listens, and nothing for ever; but all that is owed to anybody."""

import threading
from datetime import timedelta

import pytest
from sqlmodel import col, func, select

from gateway import outbox
from gateway.config.sources import HttpSource
from gateway.delivery import endpoints
from gateway.delivery.pruning import prune
from gateway.models import (
    Delivery,
    DeliveryAttempt,
    DeliveryState,
    Endpoint,
    Link,
    LinkStatus,
    OutboxEvent,
    now,
)
from tests.integration.test_delivery import URL, World, linked, world

__all__ = ["world"]

KEEP = timedelta(days=30)


def left(world: World) -> list[str]:
    with world.database.read() as session:
        return list(session.exec(select(OutboxEvent.id).order_by(col(OutboxEvent.id))))


def pruned(world: World, after: timedelta = KEEP + timedelta(hours=1)) -> int:
    """Pruned so long after the last moment of the world: what is written carries the real clock's time."""
    with world.database.read() as session:
        written = session.exec(select(func.max(OutboxEvent.at))).one()
    at = max(world.at, written) if written else world.at
    return prune(world.database, KEEP, at + after)


def switch(world: World, hook: str, *, enabled: bool) -> None:
    with world.database.write() as session:
        endpoints.change(session, session.get_one(Endpoint, hook), "t", {"enabled": enabled})


def attempts(world: World) -> int:
    with world.database.read() as session:
        return session.exec(select(func.count()).select_from(DeliveryAttempt)).one()


def test_nothing_is_written_where_nobody_listens(world: World) -> None:
    assert world.happen("clip:a") == []
    with world.database.write() as session:
        linked(session, LinkStatus.PROPOSED)
        outbox.clip_changed(session, "clip.labelled", "c")
    assert left(world) == []


def test_nor_of_a_kind_that_nobody_asked_for(world: World) -> None:
    hook = world.hook(kinds=["offload.sealed"])
    assert world.happen("clip:a") == []
    assert len(world.happen("offload:1", kind="offload.sealed")) == 1
    with world.database.write() as session:
        endpoints.change(session, session.get_one(Endpoint, hook), "t", {"kinds": ["clip.labelled"]})
    assert len(world.happen("clip:a")) == 1


def test_a_case_system_is_told_of_cases_alone_so_nothing_else_is_written_for_it(world: World) -> None:
    source = HttpSource.model_validate({"id": "sys", "kind": "http", "url": URL, "write_back": True})
    endpoints.register(world.database, [source])
    assert world.happen("clip:a") == []
    assert world.happen("offload:1", kind="offload.sealed") == []
    with world.database.write() as session:
        linked(session, LinkStatus.PROPOSED)
    assert len(left(world)) == 1


def test_who_begins_to_listen_misses_nothing_of_who_was_writing_then(world: World) -> None:
    """A writer found that nobody listens and has not committed: entering the webhook waits for it."""
    if world.database.is_sqlite:
        pytest.skip("one writer at a time")
    entered = threading.Event()

    def enter() -> None:
        world.hook()
        entered.set()

    thread = threading.Thread(target=enter)
    with world.database.write() as session:
        assert outbox.put(session, "clip.labelled", "clip:a", {}, device_id="cam-u") is None
        thread.start()
        assert not entered.wait(0.5)
    thread.join(10)
    assert entered.is_set()
    assert len(world.happen("clip:a")) == 1


def test_what_was_told_long_ago_goes_and_what_failed_for_good_stays(world: World) -> None:
    world.hook()
    _, bad = world.happen("clip:a", "clip:b")
    world.answers = lambda event: 400 if event.id == bad else 200
    world.run(60)
    assert pruned(world, timedelta(days=29)) == 0
    assert pruned(world) == 1
    assert left(world) == [bad]
    assert attempts(world) == 3, "why it failed stays with it"


def test_one_that_is_switched_off_for_longer_than_the_span_loses_nothing(world: World) -> None:
    """Never sorted out for it while it is off; others were told long ago."""
    world.hook("other")
    hook = world.hook("paused")
    before = world.happen("clip:a")
    world.run()
    switch(world, hook, enabled=False)
    missed = world.happen("clip:a", "clip:b")
    world.run()
    assert pruned(world, timedelta(days=90)) == 1
    assert left(world) == missed, "what both were told is gone, what one is owed is not"
    switch(world, hook, enabled=True)
    world.run(5)
    assert world.ids("paused") == [*before, *missed]
    assert pruned(world) == 2
    assert left(world) == []


def test_one_that_is_away_for_longer_than_the_span_loses_nothing(world: World) -> None:
    world.hook()
    told = world.happen("clip:a", "clip:b", "clip:a")
    world.answers = lambda _: None
    world.run(40 * 86400, step=20000)
    count = attempts(world)
    assert prune(world.database, KEEP, world.at) == 0
    assert 0 < attempts(world) < count, "only the log of its oldest attempts is shorter"
    assert left(world) == told
    world.answers = lambda _: 200
    world.told.clear()
    world.run(5 * 3600, step=600)
    assert sorted(world.ids()) == sorted(told)
    assert set(world.states().values()) == {DeliveryState.DONE}


def test_what_one_was_told_leaves_its_log_though_another_is_still_owed_it(world: World) -> None:
    first, late = world.hook("first"), world.hook("late")
    told = world.happen("clip:a")
    switch(world, late, enabled=False)
    world.run()
    assert pruned(world) == 0
    with world.database.read() as session:
        assert session.exec(select(Delivery)).all() == []
        assert endpoints.waiting(session, first) == {}
    switch(world, late, enabled=True)
    world.run()
    assert (world.ids("first"), world.ids("late")) == (told, told), "and nobody is told again for that"


def test_a_replay_of_what_is_not_pruned_yet_holds_it(world: World) -> None:
    hook = world.hook()
    told = world.happen("clip:a")
    world.run()
    with world.database.write() as session:
        endpoints.replay(session, session.get_one(Endpoint, hook), "t", after=0)
    assert pruned(world) == 0
    world.run()
    assert world.ids() == [*told, *told]


def test_many_go_in_batches(world: World) -> None:
    world.hook(kinds=["offload.sealed"])
    world.hook("all", unit="v")
    world.happen(*(f"clip:{number}" for number in range(1203)))
    world.run()
    assert pruned(world) == 1203
    assert left(world) == []


def test_another_unit_learns_that_a_link_was_taken_back_though_the_log_forgot_that_it_was_told(
    world: World,
) -> None:
    """What `test_delivery` shows within the span holds after it."""
    world.hook("u", unit="u")
    with world.database.write() as session:
        link_id = linked(session, LinkStatus.CONFIRMED).id
        session.get_one(Link, link_id).facts = {"machine": []}
    world.run()
    assert len(world.ids("u")) == 1
    assert pruned(world) == 1
    with world.database.write() as session:
        link = session.get_one(Link, link_id)
        link.status, link.ended_at = LinkStatus.WITHDRAWN, now()
        session.add(link)
        outbox.link_changed(session, link)
    world.run()
    with world.database.read() as session:
        told = [session.get_one(OutboxEvent, event).body["status"] for event in world.ids("u")[1:]]
    assert told == ["WITHDRAWN"]


def test_one_that_is_taken_out_is_owed_nothing_any_more(world: World) -> None:
    hook = world.hook()
    bad, _ = world.happen("clip:a", "clip:b")
    world.answers = lambda event: 400 if event.id == bad else None
    world.run(60)
    world.happen("clip:c")
    with world.database.write() as session:
        endpoints.end(session, session.get_one(Endpoint, hook), "t")
    assert world.happen("clip:d") == [], "and nobody else listens"
    world.told.clear()
    world.answers = lambda _: 200
    world.run(3600, step=600)
    assert world.told == []
    assert pruned(world) == 3
    assert left(world) == []


def test_a_case_system_that_was_taken_out_and_stands_in_devices_yaml_again_is_told_from_then_on(
    world: World,
) -> None:
    source = HttpSource.model_validate({"id": "sys", "kind": "http", "url": URL, "write_back": True})
    endpoints.register(world.database, [source])
    with world.database.write() as session:
        linked(session, LinkStatus.CONFIRMED)
        endpoints.end(session, session.get_one(Endpoint, "sys"), "t")
    assert len(left(world)) == 1
    endpoints.register(world.database, [source])
    with world.database.write() as session:
        outbox.clip_changed(session, "clip.labelled", "c")
    assert len(left(world)) == 2
    with world.database.read() as session:
        again = session.get_one(Endpoint, "sys")
        assert (again.enabled, again.ended_at) == (True, None)
