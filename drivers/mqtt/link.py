"""One connection to the broker: what comes in waits in a queue until its reader has stored it.

Callbacks only enqueue: an exception in one would kill paho's thread while it still says "connected"
(devices 3.5). A message is acknowledged by its reader; what was not comes again, to the next connection too.
"""

import queue
import ssl
import threading
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from drivers.apart import Apart
from gateway.config.connected import BrokerSettings
from gateway.device import DeviceUnavailable, Refused

SESSION_S = 7 * 24 * 3600
"""How long the broker keeps for us what comes while we are away."""
IN_FLIGHT = 500
CONNECT_S = 10.0
BACKLOG = 5000
KEEP_ALIVE_S = 20


@dataclass(frozen=True, slots=True)
class Incoming:
    topic: str
    payload: bytes
    qos: int
    mid: int


class Link:
    """Used once: after a loss the driver makes another, under the same client id and session."""

    def __init__(self, settings: BrokerSettings, client_id: str, topics: tuple[tuple[str, int], ...]) -> None:
        self.settings, self.topics = settings, topics
        self.queue: queue.SimpleQueue[Incoming] = queue.SimpleQueue()
        self.subscribed, self.gone = threading.Event(), threading.Event()
        self.why = ""
        self.client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, protocol=paho.MQTTv5, manual_ack=True,
            reconnect_on_failure=False,
        )  # fmt: skip
        self.client.on_connect = self.on_connect
        self.client.on_connect_fail = self.on_connect_fail
        self.client.on_subscribe = self.on_subscribe
        self.client.on_message = self.on_message
        self.client.on_disconnect = self.on_disconnect
        if settings.ca is not None:
            self.client.tls_set(
                ca_certs=str(settings.ca),
                certfile=str(settings.certificate) if settings.certificate else None,
                keyfile=str(settings.key) if settings.key else None,
                tls_version=ssl.PROTOCOL_TLS_CLIENT,
            )

    def open(self, stop: threading.Event) -> None:
        """Raises DeviceUnavailable("broker.away"), Refused("broker.refuses")."""
        properties = properties_of(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = SESSION_S
        properties.ReceiveMaximum = IN_FLIGHT
        Apart(self.settings.name, lambda: self.connect(properties)).follow(stop)
        if stop.is_set():
            return
        self.client.loop_start()
        waited = 0.0
        while not self.subscribed.wait(0.2) and not stop.is_set():
            waited += 0.2
            if self.gone.is_set() or waited > CONNECT_S:
                self.close()
                raise Refused("broker.refuses", broker=self.settings.name, error=self.why or "no answer")

    def connect(self, properties: Properties) -> None:
        """A broker that takes the line and says nothing holds it up for seconds."""
        try:
            self.client.connect(
                self.settings.host, self.settings.port, keepalive=KEEP_ALIVE_S, clean_start=False,
                properties=properties,
            )  # fmt: skip
        except (OSError, ValueError) as error:
            raise DeviceUnavailable("broker.away", broker=self.settings.name, error=error) from error

    def close(self) -> None:
        """Ends the connection and keeps the session: what comes meanwhile waits at the broker."""
        properties = properties_of(PacketTypes.DISCONNECT)
        properties.SessionExpiryInterval = SESSION_S
        self.client.disconnect(properties=properties)
        end(self.client)

    @property
    def is_alive(self) -> bool:
        """Whether the connection stands and the thread that serves it runs."""
        thread = self.client._thread  # paho has no word for it
        return not self.gone.is_set() and thread is not None and thread.is_alive()

    def acknowledge(self, incoming: Incoming) -> None:
        self.client.ack(incoming.mid, incoming.qos)

    def publish(
        self, topic: str, payload: bytes, *, expiry_s: int | None = None, answer_to: str | None = None,
        correlation: bytes | None = None,
    ) -> None:  # fmt: skip
        """At least once, if the connection lasts. Raises DeviceUnavailable if it is gone."""
        properties = properties_of(PacketTypes.PUBLISH)
        if expiry_s is not None:
            properties.MessageExpiryInterval = max(1, expiry_s)
        if answer_to is not None:
            properties.ResponseTopic = answer_to
            properties.CorrelationData = correlation
        if self.gone.is_set():
            raise DeviceUnavailable("broker.away", broker=self.settings.name, error=self.why)
        self.client.publish(topic, payload, qos=1, properties=properties)

    def on_connect(
        self, client: paho.Client, data: Any, flags: Any, code: ReasonCode, properties: Any
    ) -> None:
        del data, flags, properties
        if code.is_failure:
            self.why = str(code)
            self.gone.set()
            return
        client.subscribe([(topic, SubscribeOptions(qos=qos)) for topic, qos in self.topics])

    def on_connect_fail(self, client: paho.Client, data: Any) -> None:
        del client, data
        self.gone.set()

    def on_subscribe(
        self, client: paho.Client, data: Any, mid: int, codes: list[ReasonCode], properties: Any
    ) -> None:
        del client, data, mid, properties
        refused = [str(code) for code in codes if code.is_failure]
        if refused:
            self.why = f"subscribe: {refused[0]}"
            self.gone.set()
        else:
            self.subscribed.set()

    def on_message(self, client: paho.Client, data: Any, message: paho.MQTTMessage) -> None:
        del client, data
        if message.qos == 0 and self.queue.qsize() > BACKLOG:
            return  # telemetry that nobody could read in time; what has to be kept waits at the broker
        self.queue.put(Incoming(message.topic, bytes(message.payload), message.qos, message.mid))

    def on_disconnect(
        self, client: paho.Client, data: Any, flags: Any, code: ReasonCode, properties: Any
    ) -> None:
        del client, data, flags, properties
        self.why = str(code)
        self.gone.set()


def properties_of(packet: int) -> Properties:
    return Properties(packet)  # type: ignore[no-untyped-call]


def end(client: paho.Client) -> None:
    """Stop its thread, and close the pair of sockets that wakes it: paho leaves those to the collector."""
    client.loop_stop()
    client._reset_sockets(sockpair_only=True)
