"""curl as the native client: what the bytes alone cost on these servers, without any record of them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

PROGRAM = shutil.which("curl")

_TOKEN = "Authorization: Bearer t"  # noqa: S105 - the stand-in takes any


def get_all(urls: Iterable[str], into: str, at_once: int = 1) -> None:
    """One curl process fetches every URL over kept connections; `into` may hold `#` names as curl has them."""
    transfers = "\n".join(f'url = "{url}"\noutput = "{into.format(number)}"' for number, url in enumerate(urls))
    side_by_side = ["--parallel", "--parallel-max", str(at_once)] if at_once > 1 else []
    _run([*side_by_side, "--header", _TOKEN], transfers)


def send_all(method: str, transfers: Iterable[tuple[str, str]], headers: Iterable[str] = (), null: str = "") -> None:
    """One curl process sends each (URL, file) in turn; the answers are dropped into `null`."""
    said = [f'header = "{header}"' for header in (_TOKEN, "Expect:", *headers)]
    lines = [
        "\n".join([f'url = "{url}"', f'data-binary = "@{path}"', f'request = "{method}"', f'output = "{null}"', *said])
        for url, path in transfers
    ]
    _run([], "\nnext\nfail\nsilent\n".join(lines))


def pipe(origin: str, target: str, size_bytes: int, method: str, headers: Iterable[str] = ()) -> None:
    """`curl origin | curl target`, with the length told to both ends."""
    # Without the second, curl says that it sends in chunks, though it was told the length.
    said = ("Expect:", "Transfer-Encoding:", f"Content-Length: {size_bytes}", *headers)
    told = [part for header in (_TOKEN, *said) for part in ("-H", header)]
    source = subprocess.Popen(
        [_program(), "--fail", "--silent", "-H", _TOKEN, origin], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL
    )
    sink = [_program(), "--fail", "--silent", "-X", method, *told, "--upload-file", "-", target]
    done = subprocess.run(sink, stdin=source.stdout, stdout=subprocess.DEVNULL, check=False)
    assert source.stdout
    source.stdout.close()
    if source.wait() or done.returncode:
        raise RuntimeError(f"curl ended with {source.returncode} and {done.returncode}")


def signed_query(storage: str) -> str:
    """The query that opens the blobs of Azurite to a client that cannot sign."""
    from azure.storage.blob import AccountSasPermissions, BlobServiceClient, ResourceTypes, generate_account_sas

    service = BlobServiceClient.from_connection_string(storage)
    return generate_account_sas(
        str(service.account_name),
        service.credential.account_key,
        ResourceTypes(object=True),
        AccountSasPermissions(read=True, write=True, create=True),
        datetime.now(UTC) + timedelta(hours=12),
    )


def _run(options: list[str], transfers: str) -> None:
    command = [_program(), "--fail", "--silent", *options, "--config", "-"]
    done = subprocess.run(command, input=transfers, text=True, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"curl ended with {done.returncode}: {done.stderr[-300:]}")


def _program() -> str:
    if PROGRAM is None:
        raise RuntimeError("there is no curl on the PATH")
    return PROGRAM
