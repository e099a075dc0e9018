"""Package check: what is wrong with a landed data package is known from its directory, manifest and header line.

The naive script reads the package whole and unpacks what it looks at. No native client knows packages.
"""

from __future__ import annotations

import io
import tempfile
import uuid
import zipfile
from collections.abc import Iterator
from typing import IO, Any

from local.bench.engines import fresh_table, warm_engine
from local.bench.ground import Ground
from local.bench.requests_sent import RequestsSent

_LABEL = "Customer groups"
_HEADER = b"CustomerGroupId,Description,PaymentTermId\r\n"
_LINE = b"40,Wholesale customers,Net30\r\n"


def lay_ground(ground: Ground, told: dict[str, Any]) -> dict[str, Any]:
    """One sound package, whose data file is stored as it is, so that the zip is of the size asked for."""
    from azure.storage.blob import BlobServiceClient

    path = f"packed/USMF/{uuid.uuid4().hex[:8]}.zip"
    with tempfile.TemporaryFile() as file, BlobServiceClient.from_connection_string(ground.storage) as blobs:
        _write_package(file, told["size_bytes"])
        file.seek(0)
        blobs.get_blob_client("landing", path).upload_blob(file)
    return {"path": path}


def _write_package(file: IO[bytes], size_bytes: int) -> None:
    from local.samples.package import Member, header, manifest

    members = [Member(entity=_LABEL, content=_HEADER)]
    with zipfile.ZipFile(file, "w") as package:
        for name, text in {"Manifest.xml": manifest("Bench", members), "PackageHeader.xml": header("Bench")}.items():
            package.writestr(name, text.encode("utf-16"), zipfile.ZIP_DEFLATED)
        with package.open(members[0].file_name, "w", force_zip64=True) as data:
            for block in _lines(size_bytes):
                data.write(block)


def _lines(size_bytes: int) -> Iterator[bytes]:
    block = _LINE * (1024 * 1024 // len(_LINE))
    yield _HEADER
    for offset in range(0, size_bytes, len(block)):
        yield block[: size_bytes - offset]


class Ours:
    """The check as intake and `validate` run it, over ranges of the blob."""

    def __init__(self, ground: Ground, told: dict[str, Any]) -> None:
        self._path: str = told["path"]
        self._engine = warm_engine(ground, fresh_table(ground))
        self._sent = RequestsSent(ground)

    def prepare(self) -> None:
        """What the event has told of the file by then."""
        source = self._engine.files.describe("landing", self._path)
        assert source is not None
        self._source, self._feed = source, self._engine.feeds.feeds["packed"]
        self._sent.taken()

    def run(self) -> dict[str, float]:
        """One check, which finds nothing."""
        from shared.services.intake.checking import check_package

        source = self._source
        with self._engine.files.reader(source) as file:
            findings = check_package(self._feed, source.name, source.size_bytes, file)
        if findings:
            raise RuntimeError(f"the bench's package is not sound: {findings}")
        return self._sent.taken()


class Naive:
    """What one writes in an afternoon."""

    def __init__(self, ground: Ground, told: dict[str, Any]) -> None:
        self._ground = ground
        self._path: str = told["path"]
        self._sent = RequestsSent(ground)

    def prepare(self) -> None:
        """Nothing to make ready."""
        self._sent.taken()

    def run(self) -> dict[str, float]:
        """The package in memory."""
        from azure.storage.blob import BlobClient

        blob = BlobClient.from_connection_string(self._ground.storage, "landing", self._path)
        with zipfile.ZipFile(io.BytesIO(blob.download_blob().readall())) as package:
            manifest = package.read("Manifest.xml").decode("utf-16")
            with package.open(f"{_LABEL}.csv") as data:
                sound = f"<InputFilePath>{_LABEL}.csv<" in manifest and data.readline() == _HEADER
        if not sound:
            raise RuntimeError("the bench's package is not sound")
        return self._sent.taken()


SIDES = {"ours": Ours, "naive": Naive}
