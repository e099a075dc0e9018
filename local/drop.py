"""`python -m local.drop FILE PATH`: write a file to landing of a running `dev.py run`, as a sender would."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from local.app_settings import LANDING
from local.stack import PLACE, SETTINGS_FILE


def main(arguments: Sequence[str], place: Path = PLACE) -> int:
    """Write it; 1 when nothing is up in this checkout."""
    from azure.core.exceptions import AzureError
    from azure.storage.blob import BlobServiceClient

    parser = argparse.ArgumentParser(prog="python -m local.drop", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("path", help="where it lands, such as customer-groups/USMF/my.csv")
    told = parser.parse_args(arguments)
    try:
        with (
            BlobServiceClient.from_connection_string(_storage(place), retry_total=0) as blobs,
            told.file.open("rb") as content,
        ):
            blobs.get_blob_client(LANDING, told.path).upload_blob(content, overwrite=True)
    except (OSError, AzureError) as error:
        print(
            f"{told.file} was not dropped ({type(error).__name__}): is `dev.py run` up in this checkout?",
            file=sys.stderr,
        )
        return 1
    print(f"{told.path} landed; `dev.py run` tells what becomes of it.")
    return 0


def _storage(place: Path) -> str:
    lines = shlex.split((place / SETTINGS_FILE).read_text(encoding="utf-8"))
    return dict(line.split("=", 1) for line in lines)["FILES"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
