"""What every file store keeps to. `shelf` writes and reads as upstream systems and auditors do, beside the port."""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.adapters.blobs.files import BlobFiles
from shared.domain.job import Source
from shared.errors import SourceLost
from shared.ports import OPENING_BYTES, FileStore
from tests.fakes.memory_files import MemoryFiles

PATH = "customer-groups/USMF/groups 2026-11-14 Zürich 100% #1.csv"
METADATA = {"job_id": "customer-groups.20261114.abc", "outcome": "partial"}


class AzuriteShelf:
    """Upstream's and the auditor's view of a real account."""

    def __init__(self, service: Any, landing: str) -> None:
        self.service = service
        self.landing = landing

    def put(self, container: str, path: str, content: bytes) -> Source:
        """Write as upstream would."""
        blob = self.service.get_blob_client(container, path)
        blob.upload_blob(content, overwrite=True)
        seen = blob.get_blob_properties()
        return Source(
            container=container,
            path=path,
            etag=seen.etag.strip('"'),
            size_bytes=seen.size,
            landed_at=seen.last_modified,
        )

    def read(self, container: str, path: str) -> bytes | None:
        """What lies there."""
        blob = self.service.get_blob_client(container, path)
        return blob.download_blob().readall() if blob.exists() else None

    def metadata(self, container: str, path: str) -> dict[str, str]:
        """The blob's metadata."""
        return dict(self.service.get_blob_client(container, path).get_blob_properties().metadata)


@pytest.fixture(params=["memory", "azurite"])
def place(request: pytest.FixtureRequest) -> Iterator[tuple[FileStore, Any, str, str]]:
    """(file store, shelf, landing container, archive container)."""
    if request.param == "memory":
        files = MemoryFiles(lambda: datetime.now(UTC))
        yield files, files, "landing", "archive"
        return
    from azure.storage.blob import BlobServiceClient

    azurite: Any = request.getfixturevalue("azurite")
    names: Any = request.getfixturevalue("storage_names")
    landing, archive = names.container("landing"), names.container("archive")
    with BlobServiceClient.from_connection_string(
        azurite.connection_string, max_single_get_size=65536, max_chunk_get_size=65536
    ) as service:
        service.create_container(landing)
        service.create_container(archive)
        yield BlobFiles(service, landing), AzuriteShelf(service, landing), landing, archive


def _bytes(files: FileStore, source: Source) -> bytes:
    content = files.open(source)
    try:
        return b"".join(content.blocks())
    finally:
        content.close()


@pytest.mark.parametrize("size", [1, 64, 65536, 200_001])
def test_a_landed_file_is_read_whole_and_can_be_read_again(place: Any, size: int) -> None:
    files, shelf, landing, _ = place
    body = bytes(range(256)) * (size // 256) + bytes(size % 256)
    content = files.open(shelf.put(landing, PATH, body))
    assert (content.size_bytes, content.first_bytes) == (size, body[:OPENING_BYTES])
    assert b"".join(content.blocks()) == body
    assert b"".join(content.blocks()) == body
    content.close()


def test_an_empty_file_has_no_bytes(place: Any) -> None:
    files, shelf, landing, _ = place
    assert _bytes(files, shelf.put(landing, PATH, b"")) == b""


def test_what_was_overwritten_is_not_read_as_if_it_were_the_same(place: Any) -> None:
    files, shelf, landing, _ = place
    source = shelf.put(landing, PATH, b"first")
    shelf.put(landing, PATH, b"second")
    with pytest.raises(SourceLost, match="overwritten"):
        files.open(source)


def test_a_file_overwritten_while_it_is_read_is_read_to_its_end_and_never_as_the_other(place: Any) -> None:
    files, shelf, landing, _ = place
    body = b"a" * 5_000_000
    content = files.open(shelf.put(landing, PATH, body))
    blocks = content.blocks()
    first = next(blocks)
    shelf.put(landing, PATH, b"b" * len(body))
    try:
        read = first + b"".join(blocks)
    except SourceLost as lost:  # the store may break the stream off
        assert "overwritten" in str(lost)
    else:
        assert read == body
        if isinstance(files, MemoryFiles):
            return
    with pytest.raises(SourceLost, match="overwritten"):
        list(content.blocks())


def test_a_file_that_is_gone_is_said_to_be_gone(place: Any) -> None:
    files, shelf, landing, archive = place
    source = shelf.put(landing, PATH, b"x")
    files.remove(source)
    with pytest.raises(SourceLost, match="no longer"):
        files.open(source)
    with pytest.raises(SourceLost, match="no longer"):
        files.keep(source, archive, "a/job/x.csv", METADATA)


def test_a_kept_file_is_the_same_bytes_with_its_metadata_and_its_hash_is_read_back(place: Any) -> None:
    files, shelf, landing, archive = place
    source = shelf.put(landing, PATH, b"content" * 1000)
    assert files.keep(source, archive, f"a/job/{source.name}", METADATA)
    assert shelf.read(archive, f"a/job/{source.name}") == b"content" * 1000
    assert shelf.metadata(archive, f"a/job/{source.name}") == METADATA
    assert files.sha256_of(archive, f"a/job/{source.name}") == hashlib.sha256(b"content" * 1000).hexdigest()
    assert shelf.read(landing, PATH) == b"content" * 1000


def test_keeping_twice_keeps_the_first_copy_even_when_landing_is_clear_by_then(place: Any) -> None:
    files, shelf, landing, archive = place
    source = shelf.put(landing, PATH, b"first")
    assert files.keep(source, archive, "a/job/x.csv", METADATA)
    assert files.keep(source, archive, "a/job/x.csv", METADATA)
    files.remove(source)
    assert files.keep(source, archive, "a/job/x.csv", METADATA)
    assert shelf.read(archive, "a/job/x.csv") == b"first"


def test_an_overwritten_file_is_not_kept_in_place_of_the_one_that_was_sent(place: Any) -> None:
    files, shelf, landing, archive = place
    source = shelf.put(landing, PATH, b"first")
    shelf.put(landing, PATH, b"second")
    with pytest.raises(SourceLost, match="overwritten"):
        files.keep(source, archive, "a/job/x.csv", METADATA)
    assert shelf.read(archive, "a/job/x.csv") is None


def test_removing_takes_only_the_content_it_was_told_of(place: Any) -> None:
    files, shelf, landing, _ = place
    source = shelf.put(landing, PATH, b"first")
    shelf.put(landing, PATH, b"second")
    files.remove(source)
    assert shelf.read(landing, PATH) == b"second"


def test_landing_lists_what_is_old_enough_with_what_a_job_needs(place: Any) -> None:
    files, shelf, landing, _ = place
    source = shelf.put(landing, PATH, b"12345")
    assert list(files.landed(source.landed_at)) == []
    assert list(files.landed(source.landed_at + timedelta(seconds=2))) == [source]


def test_a_stream_is_saved_whole_and_replaces_its_earlier_version(place: Any) -> None:
    files, shelf, _, archive = place
    files.save(archive, "a/job/keys.csv", iter([b"first"]))
    files.save(archive, "a/job/keys.csv", (b"x" * 1000 for _ in range(300)))
    assert shelf.read(archive, "a/job/keys.csv") == b"x" * 300_000


def test_a_kept_file_is_put_back_once_and_landing_says_for_which_job(place: Any) -> None:
    files, shelf, landing, archive = place
    files.save(archive, "a/job/x.csv", [b"kept"])
    assert files.put_back(f"{archive}/a/job/x.csv", landing, "feed/USMF/x.csv", "feed.20261114.abc")
    assert files.put_back(f"{archive}/a/job/x.csv", landing, "feed/USMF/x.csv", "feed.20261114.abc")
    source = files.describe(landing, "feed/USMF/x.csv")
    assert source.replay_of == "feed.20261114.abc"
    assert [each.replay_of for each in files.landed(source.landed_at + timedelta(seconds=1))] == ["feed.20261114.abc"]
    assert shelf.read(landing, "feed/USMF/x.csv") == b"kept"


def test_a_kept_file_is_never_put_over_another_that_landed(place: Any) -> None:
    files, shelf, landing, archive = place
    files.save(archive, "a/job/x.csv", [b"kept"])
    files.save(landing, "feed/USMF/x.csv", [b"new"])
    assert not files.put_back(f"{archive}/a/job/x.csv", landing, "feed/USMF/x.csv", "feed.20261114.abc")
    assert shelf.read(landing, "feed/USMF/x.csv") == b"new"
    with pytest.raises(SourceLost):
        files.put_back(f"{archive}/a/job/gone.csv", landing, "feed/USMF/gone.csv", "feed.20261114.abc")


def test_a_note_replaces_its_earlier_version(place: Any) -> None:
    files, shelf, _, archive = place
    files.note(archive, "a/job/job.json", "{}")
    files.note(archive, "a/job/job.json", '{"Zürich": 1}')
    assert shelf.read(archive, "a/job/job.json") == '{"Zürich": 1}'.encode()


def test_a_folder_lists_its_own_files_alone_and_a_discarded_one_is_gone(place: Any) -> None:
    files, shelf, _, archive = place
    for path in ("a/job/job.json", "a/job/errors.json", "a/job2/job.json"):
        files.note(archive, path, "{}")
    assert files.listed(archive, "a/job") == ["errors.json", "job.json"]
    files.discard(archive, "a/job/errors.json")
    files.discard(archive, "a/job/errors.json")
    assert files.listed(archive, "a/job") == ["job.json"]
    assert shelf.read(archive, "a/job/errors.json") is None


@pytest.mark.parametrize("size_bytes", [0, 1, 65_556, 65_557, 65_558, 200_000])
def test_a_landed_file_reads_the_same_by_ranges_wherever_one_looks(
    place: tuple[FileStore, Any, str, str], size_bytes: int
) -> None:
    files, shelf, landing, _ = place
    content, chance = os.urandom(size_bytes), random.Random(size_bytes)
    with files.reader(shelf.put(landing, PATH, content)) as file:
        for _ in range(60):
            at, length = chance.randint(0, size_bytes + 5), chance.choice([0, 1, 22, 4096, 70_000, -1])
            file.seek(at)
            assert file.read(length) == content[at : None if length < 0 else at + length]
        assert file.seek(0, 2) == size_bytes
