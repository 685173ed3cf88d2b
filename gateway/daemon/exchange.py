"""What goes on with other systems: cases are read from their sources, and the outbox is delivered."""

import threading
from datetime import timedelta

from gateway.case_sources.keeper import keeper_of
from gateway.case_sources.rules import of_site
from gateway.config import Settings
from gateway.config.sources import http_systems
from gateway.daemon.caretaker import Duty
from gateway.database import Database
from gateway.delivery import endpoints
from gateway.delivery.courier import Courier
from gateway.delivery.pruning import prune
from gateway.delivery.sending import Post

PRUNE_S = 3600.0


class Exchange:
    """Raises ConfigError for a key of a source that cannot be read."""

    def __init__(self, settings: Settings, database: Database, executor: str, stop: threading.Event) -> None:
        self.settings, self.database = settings, database
        rules = of_site(settings)
        self.keepers = [keeper_of(source, database, rules, stop) for source in settings.case_sources]
        sources = {source.id: source for source in settings.case_sources}
        post = Post(settings.webhooks, http_systems(settings.case_sources))
        self.courier = Courier(database, executor, settings.webhooks, sources, post, stop)

    def start(self) -> None:
        endpoints.register(self.database, self.settings.case_sources)
        self.courier.start()
        for keeper in self.keepers:
            keeper.start()

    def join(self, timeout_s: float) -> None:
        """A call that hangs is left behind: what was not written down as done is done again."""
        if self.courier.thread.is_alive():
            self.courier.thread.join(timeout_s)

    def duty(self) -> Duty:
        keep = timedelta(days=self.settings.webhooks.keep_days)
        return PRUNE_S, lambda: prune(self.database, keep)
