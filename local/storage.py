"""The storage of the local run: Azurite with its state on disk, its containers, and the ledger's table."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from local.app_settings import ARCHIVE, LAKE, LANDING, LEDGER_TABLE, OUTCOMES, REJECTED
from local.azurite import Azurite


class LocalStorage:
    """A running Azurite that has what the app expects to find."""

    def __init__(self, azurite: Azurite, settings: dict[str, str]) -> None:
        """Use `start`."""
        self._azurite = azurite
        self.settings = settings

    @classmethod
    def start(cls, directory: Path, log: Path, settings_on: Callable[[str], dict[str, str]]) -> Self:
        """Start it on `directory`, or on an empty one if an earlier run was cut off in the middle.

        `settings_on` gives the app's settings for a connection string.

        Raises:
            ChildFailed, NodeMissing, FileNotFoundError: as Azurite.start.
        """
        for last_try in (False, True):
            azurite = Azurite.start(directory, log)
            try:
                settings = settings_on(azurite.connection_string)
                create_places(azurite.connection_string)
                if last_try or not _was_cut_off(settings):
                    return cls(azurite, settings)
            except BaseException:
                azurite.stop()
                raise
            azurite.stop()
            _set_aside(directory)
        raise AssertionError("the second try returns")

    @property
    def connection_string(self) -> str:
        """Azurite's."""
        return self._azurite.connection_string

    def stop(self) -> None:
        """Let Azurite write its state and end."""
        self._azurite.stop()


def create_places(storage: str) -> None:
    """Every container and the table that the app expects, at this connection string; those that are there stay."""
    from azure.data.tables import TableServiceClient
    from azure.storage.blob import BlobServiceClient

    with BlobServiceClient.from_connection_string(storage) as blobs:
        present = {container.name for container in blobs.list_containers()}
        for name in {LANDING, ARCHIVE, REJECTED, OUTCOMES, LAKE} - present:
            blobs.create_container(name)
    with TableServiceClient.from_connection_string(storage) as tables:
        tables.create_table_if_not_exists(LEDGER_TABLE)


def _was_cut_off(settings: dict[str, str]) -> bool:
    """True when files are at the ERP or exports half taken: that simulator is gone, and nobody can tell their end."""
    from shared.wiring import engine_from

    engine = engine_from(settings)
    return bool(engine.ledger.taken()) or any(engine.exports.open_deliveries(feed) for feed in engine.feeds.exports)


def _set_aside(directory: Path) -> None:
    aside = directory.with_name(f"{directory.name}-cut-off-{datetime.now(UTC):%Y%m%d-%H%M%S}")
    directory.rename(aside)
    print(f"The last run was cut off while its simulator had work. Storage starts empty; the old state is in {aside}.")
