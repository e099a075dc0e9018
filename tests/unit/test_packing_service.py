"""The package of a job is made from landing as it is sent: nothing of a large file is held, and each part is pinned."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from collections.abc import Iterator

import pytest

from local.samples.package import Member as Sample
from local.samples.package import package
from shared.domain.feed import Feed
from shared.domain.job import Source
from shared.errors import SourceLost
from shared.feeds.packaging import read_template
from shared.services.intake.checking import Checking
from shared.services.intake.packing import Packing
from tests.builders import ManualClock, a_feed, a_job, a_source
from tests.fakes.memory_files import MemoryFiles

HEADER = b"CUSTOMERGROUPID,DESCRIPTION\r\n"
BLOCK = b"40,Wholesale and everything that goes with it\r\n" * 20_000


class EndlessFiles(MemoryFiles):
    """Landing with one file that is made as it is read; counts what is open."""

    def __init__(self, clock: ManualClock, blocks: int) -> None:
        super().__init__(clock)
        self.size_bytes = len(HEADER) + len(BLOCK) * blocks
        self.first_bytes = HEADER + BLOCK[:1000]
        self.open_now = self.most_open = 0
        self._blocks = blocks

    def open(self, source: Source):  # type: ignore[no-untyped-def]
        self.open_now += 1
        self.most_open = max(self.most_open, self.open_now)
        return self

    def blocks(self) -> Iterator[bytes]:
        yield HEADER
        for _ in range(self._blocks):
            yield BLOCK

    def close(self) -> None:
        self.open_now -= 1


@pytest.fixture
def feed(tmp_path) -> Feed:  # type: ignore[no-untyped-def]
    """A feed that packs customer groups."""
    (tmp_path / "t.zip").write_bytes(package("P", [Sample(entity="Customer groups", content=HEADER)]))
    return a_feed(template=read_template(tmp_path, "t.zip", {"Customer groups": {}}), max_size_bytes=10**12)


def test_a_quarter_of_a_gigabyte_passes_in_two_readings_and_is_never_held(feed: Feed, clock: ManualClock) -> None:
    files = EndlessFiles(clock, 256 * 1024 * 1024 // len(BLOCK))
    source = a_source(size_bytes=files.size_bytes)
    tracemalloc.start()
    outbound = Packing(files, Checking(files)).outbound(feed, a_job(source))
    length = sum(len(block) for block in outbound.content.blocks())
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert length == outbound.content.size_bytes > files.size_bytes > 250_000_000
    assert peak_bytes < 4 * 1024 * 1024
    assert (files.most_open, files.open_now) == (1, 0)


def test_a_file_that_was_overwritten_since_it_was_checked_never_makes_a_whole_package(
    feed: Feed, clock: ManualClock
) -> None:
    files = MemoryFiles(clock)
    source = files.put("landing", "customer-groups/USMF/a.csv", HEADER + b"40,x\r\n")
    outbound = Packing(files, Checking(files)).outbound(feed, a_job(source))
    files.put("landing", source.path, HEADER + b"50,y\r\n")
    with pytest.raises(SourceLost):
        list(outbound.content.blocks())


def test_a_file_of_a_name_and_content_of_any_kind_is_the_same_in_the_package(feed: Feed, clock: ManualClock) -> None:
    files = MemoryFiles(clock)
    content = HEADER + bytes(range(256)) + b"x" * 999
    source = files.put("landing", "customer-groups/USMF/Größe <1> & 100% 漢 😀.csv", content)
    outbound = Packing(files, Checking(files)).outbound(feed, a_job(source))
    with zipfile.ZipFile(io.BytesIO(b"".join(outbound.content.blocks()))) as made:
        assert made.read("Größe <1> & 100% 漢 😀.csv") == content
        assert "Größe &lt;1&gt; &amp; 100% 漢 😀.csv" in made.read("Manifest.xml").decode("utf-16")
