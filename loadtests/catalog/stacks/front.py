"""What stands in front of a server: its program, its configuration, its counts."""

from __future__ import annotations

from dataclasses import dataclass

from loadtests.catalog.phases import Phase


@dataclass(frozen=True)
class Front:
    """A proxy that takes the connections of clients, and asks the server behind it.

    `config` is its configuration, with `{host}`, `{port}`, `{behind}`, `{workers}`,
    `{worker_connections}` and `{also}` left open; `also` is what a run adds, such as
    where its files are. `installed_by` is the command that installs `program`.

    Each worker has `worker_connections`, of which it takes `own_connections` itself,
    and holds `own_descriptors` before its first client. `stores` are the phases in
    which it keeps on disk what a slow client has not taken yet.
    """

    program: str
    config: str
    installed_by: str
    worker_connections: int
    own_connections: int
    own_descriptors: int
    stores: frozenset[Phase] = frozenset()

    @property
    def missing(self) -> str:
        """What to say where the program is not installed."""
        return f"there is no {self.program} on PATH: {self.installed_by}"

    @property
    def connections(self) -> int:
        """How many connections each worker has for clients and for the server."""
        return self.worker_connections - self.own_connections

    def configured(
        self, host: str, port: int, behind: int, workers: int, also: str
    ) -> str:
        """The configuration, filled in."""
        return self.config.format(
            host=host,
            port=port,
            behind=behind,
            workers=workers,
            worker_connections=self.worker_connections,
            also=also,
        )
