"""Storage clients from a StorageConnection: by connection string, else by managed identity. No account key in Azure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.settings import StorageConnection

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.data.tables import TableServiceClient
    from azure.storage.blob import BlobServiceClient

#: The SDK's first range. It holds a whole range in memory before giving it out, so this bounds memory a file.
READ_BYTES = 4 * 1024 * 1024


def blob_service(connection: StorageConnection) -> BlobServiceClient:
    """A client for the connection's blobs."""
    from azure.storage.blob import BlobServiceClient

    sizes: Any = {"max_single_get_size": READ_BYTES, "max_chunk_get_size": READ_BYTES}
    if connection.connection_string:
        return BlobServiceClient.from_connection_string(connection.connection_string, **sizes)
    return BlobServiceClient(connection.blob_uri, credential=_identity(connection), **sizes)


def table_service(connection: StorageConnection) -> TableServiceClient:
    """A client for the connection's tables."""
    from azure.data.tables import TableServiceClient

    if connection.connection_string:
        return TableServiceClient.from_connection_string(connection.connection_string)
    return TableServiceClient(connection.table_uri, credential=_identity(connection))


def _identity(connection: StorageConnection) -> TokenCredential:
    from azure.identity import ManagedIdentityCredential

    return ManagedIdentityCredential(client_id=connection.client_id or None)
