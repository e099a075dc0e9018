"""Whether the app may do in storage what it has to: each right is used once, on a blob or row of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableClient
from azure.storage.blob import BlobServiceClient, ContainerClient

from shared.adapters.storage_errors import translated
from shared.errors import CourierError
from shared.ports import Place
from shared.settings import Settings

_BLOBS, _ROWS = "Storage Blob Data Contributor", "Storage Table Data Contributor"
_PROBE = "_check"


class StorageProbe:
    """The containers and the table of one app. Nothing is left behind, and landing is not written to."""

    def __init__(
        self, settings: Settings, files: BlobServiceClient, lake: BlobServiceClient, ledger: TableClient
    ) -> None:
        self._settings = settings
        self._files = files
        self._lake = lake
        self._ledger = ledger

    def places(self) -> Iterator[Place]:
        """See Probe. One place after the other, so that progress can be shown."""
        told, files = self._settings, self._files
        yield _tried(f"landing ({told.landing_container})", _BLOBS, partial(_cleared, files, told.landing_container))
        for what, container in (
            ("archive", told.archive_container),
            ("rejected", told.rejected_container),
            ("outcomes", told.outcomes_container),
        ):
            yield _tried(f"{what} ({container})", _BLOBS, partial(_written, files, container))
        yield _tried(f"lake ({told.lake_container})", _BLOBS, partial(_written, self._lake, told.lake_container))
        yield _tried(f"ledger ({told.ledger_table})", _ROWS, partial(_noted, self._ledger))


def _tried(what: str, role: str, use: Callable[[], object]) -> Place:
    try:
        use()
    except CourierError as failure:
        return Place(what=what, role=role, failure=str(failure))
    return Place(what=what, role=role, failure="")


def _cleared(service: BlobServiceClient, container: str) -> None:
    """List and delete: what is written to landing would be taken for a file."""
    with service.get_container_client(container) as client:
        _listed(client)
        with translated("deleting a blob"):
            try:
                client.delete_blob(_PROBE)
            except ResourceNotFoundError as error:
                if getattr(error, "error_code", "") != "BlobNotFound":
                    raise


def _written(service: BlobServiceClient, container: str) -> None:
    with service.get_container_client(container) as client:
        _listed(client)
        with translated("writing and deleting a blob"):
            client.upload_blob(_PROBE, b"", overwrite=True)
            client.delete_blob(_PROBE)


def _listed(client: ContainerClient) -> None:
    with translated("listing blobs"):
        next(iter(client.list_blob_names(results_per_page=1)), None)


def _noted(table: TableClient) -> None:
    with translated("writing, reading and deleting a row"):
        table.upsert_entity({"PartitionKey": _PROBE, "RowKey": _PROBE})
        table.get_entity(_PROBE, _PROBE)
        table.delete_entity(_PROBE, _PROBE)
