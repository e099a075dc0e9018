"""Storage clients from a StorageConnection: by connection string, else by an identity. No account key in Azure."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from shared.adapters.storage_errors import translated
from shared.settings import StorageConnection

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.core.pipeline.transport import RequestsTransport
    from azure.data.tables import TableServiceClient
    from azure.storage.blob import BlobServiceClient

#: The SDK's first range. It holds a whole range in memory before giving it out, so this bounds memory a file.
READ_BYTES = 4 * 1024 * 1024


#: How often the SDK tries again by itself, some 2 s apart. Its own ways (15 to 24 s for a blob, ten tries for a table)
#: keep a worker past the tick's budget; a fault that lasts longer is Transient, and the next tick's affair.
TRIES_AGAIN = 3

#: Kept connections of one client: at least as many as events and workers there are at once.
_CONNECTIONS = 32


def blob_service(connection: StorageConnection) -> BlobServiceClient:
    """A client for the connection's blobs."""
    from azure.storage.blob import BlobServiceClient, LinearRetry

    options: Any = {
        "max_single_get_size": READ_BYTES,
        "max_chunk_get_size": READ_BYTES,
        "transport": transport(),
        "retry_policy": LinearRetry(backoff=2, retry_total=TRIES_AGAIN, random_jitter_range=1),
    }
    if connection.connection_string:
        return BlobServiceClient.from_connection_string(connection.connection_string, **options)
    return BlobServiceClient(connection.blob_uri, credential=_identity(connection), **options)


def table_service(connection: StorageConnection) -> TableServiceClient:
    """A client for the connection's tables."""
    from azure.data.tables import TableServiceClient

    options: Any = {"transport": transport(), "retry_total": TRIES_AGAIN}
    if connection.connection_string:
        return TableServiceClient.from_connection_string(connection.connection_string, **options)
    return TableServiceClient(connection.table_uri, credential=_identity(connection), **options)


def transport() -> RequestsTransport:
    """What the SDK would make, on a lean session. Time-outs and block size are those of azure-storage-blob."""
    from azure.core.pipeline.transport import RequestsTransport

    from shared.adapters.lean_session import LeanSession

    return RequestsTransport(
        session=LeanSession(_CONNECTIONS, reads_environment=True),
        connection_timeout=20,
        read_timeout=60,
        connection_data_block_size=256 * 1024,
    )


def _identity(connection: StorageConnection) -> TokenCredential:
    return _credential(connection.client_id)


def _credential(client_id: str) -> TokenCredential:
    """The app's identity where the platform offers one; on a person's machine whoever said `az login`.

    A function app with an identity always has IDENTITY_ENDPOINT (documented), a laptop never.
    """
    from azure.identity import AzureCliCredential, ManagedIdentityCredential

    if "IDENTITY_ENDPOINT" in os.environ:
        return ManagedIdentityCredential(client_id=client_id or None)
    return AzureCliCredential()


def storage_token(client_id: str) -> str:
    """An access token for Azure Storage of the identity that signs in here. Raises AccessRefused or Transient."""
    with translated("signing in to storage"):
        return str(_credential(client_id).get_token("https://storage.azure.com/.default").token)
