"""What the lamps of a cabinet's bays show: the state of what lies in each."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from gateway import bays
from gateway.config.devices import SerialDockSettings
from gateway.database import Database
from gateway.device import Light, Order
from gateway.models import DeviceStatus, now
from gateway.rules.handover import BayFacts
from gateway.supervisor import Supervisor

RECOGNISED_S = 20
"""What lies in a bay and is not recognised by then has its cable loose, or is no camera of ours."""


class Lights:
    """Looks at the database, tells the cabinet's driver; the driver passes on what changed."""

    def __init__(
        self,
        database: Database,
        cabinets: tuple[SerialDockSettings, ...],
        supervisors: Mapping[str, Supervisor],
    ) -> None:
        self.database, self.cabinets, self.supervisors = database, cabinets, supervisors
        self.told: dict[tuple[str, str], Light] = {}

    def show(self) -> None:
        for cabinet in self.cabinets:
            self.end_openings_ahead(cabinet.id)
            supervisor = self.supervisors.get(cabinet.id)
            if supervisor is None or cabinet.id not in supervisor.present:
                continue
            for bay, light in self.of(cabinet).items():
                if self.told.get((cabinet.id, bay)) is not light:
                    order = Order(id="", kind="light", arguments={"bay": bay, "light": light.value})
                    if supervisor.perform(order).done:
                        self.told[(cabinet.id, bay)] = light

    def end_openings_ahead(self, cabinet: str) -> None:
        """Looked for without a lock: there is nearly never one."""
        with self.database.read() as session:
            if not bays.openings_ahead(session, cabinet, now()):
                return
        with self.database.write() as session:
            bays.end_openings_ahead(session, cabinet, now())

    def of(self, cabinet: SerialDockSettings) -> dict[str, Light]:
        at = now()
        with self.database.read() as session:
            facts = bays.bays_of(session, cabinet.id, None, at)
            opened = {
                bay.bay
                for bay in facts
                for order in bays.openings(session, cabinet.id, bay.bay, at)
                if order.asked_at > at - timedelta(seconds=cabinet.take_seconds)
            }
            statuses = {bay.bay: session.get_one(DeviceStatus, (cabinet.id, bay.bay)) for bay in facts}
        return {
            bay.bay: Light.OPEN if bay.bay in opened else light_of(bay, statuses[bay.bay], cabinet, at)
            for bay in facts
        }


def light_of(bay: BayFacts, status: DeviceStatus, cabinet: SerialDockSettings, at: datetime) -> Light:
    told = status.detail
    if bay.fault or bay.set_aside or told.get("unregistered"):
        return Light.FAULT
    if not bay.occupied:
        return Light.OFF
    if bay.device is None:
        since = told.get("occupied_since")
        waits_too_long = since and at - datetime.fromisoformat(since) > timedelta(seconds=RECOGNISED_S)
        return Light.FAULT if cabinet.dock and waits_too_long else Light.BUSY
    if not bay.is_done:
        return Light.BUSY
    is_low = cabinet.least_battery and (bay.battery is None or bay.battery < cabinet.least_battery)
    return Light.CHARGE if is_low else Light.TAKE
