"""What F&O received and where bytes lie, read from the simulator and the containers when all is quiet."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable

from local.app_settings import ARCHIVE, LAKE, LANDING, REJECTED
from local.soak.account import Landed, Places, Produced, Reckoning, fates, foreign, judge_exports, loaded_again
from local.soak.arena import Arena
from local.soak.lake import LakeReader
from local.soak.plan import EXPORTS, caps


def reckon(arena: Arena, landed: Collection[Landed], held: Collection[str]) -> Reckoning:
    """Read both sides and judge. `held` are the paths that wait for a person."""
    taken = Counter(message["content_sha256"] for message in arena.erp.ask("messages") if message["ended"])
    names = {file.path.rsplit("/", 1)[-1] for file in landed}
    places = Places(
        landing=_hashes(arena, LANDING, names),
        archive=_hashes(arena, ARCHIVE, names),
        rejected=_hashes(arena, REJECTED, names),
        held=held,
    )
    lake = LakeReader(arena.blobs.get_container_client(LAKE), EXPORTS)
    return Reckoning(
        fates=fates(landed, taken, places),
        foreign=foreign(landed, taken),
        again=loaded_again(landed, taken),
        exports=judge_exports(_produced(arena), lake.complete(), _witnessed(arena)),
        caps=caps(),
        most=arena.erp.ask("state")["most_in_flight"],
    )


def _hashes(arena: Arena, container: str, names: Collection[str]) -> set[str]:
    """SHA-256 of the blobs that are landed files by their name, wherever they lie in the container."""
    client = arena.blobs.get_container_client(container)
    files = (blob.name for blob in client.list_blobs() if blob.name.rsplit("/", 1)[-1] in names)
    return {hashlib.sha256(client.download_blob(name).readall()).hexdigest() for name in files}


def _produced(arena: Arena) -> Iterable[Produced]:
    for told in arena.erp.ask("exports"):
        yield Produced(
            blob_id=told["blob_id"],
            sha256=told["content_sha256"],
            acknowledged=told["state"] == "acknowledged",
        )


def _witnessed(arena: Arena) -> dict[str, list[bool | None]]:
    seen: dict[str, list[bool | None]] = defaultdict(list)
    if arena.witness_notes.exists():
        for line in arena.witness_notes.read_text(encoding="utf-8").splitlines():
            note = json.loads(line)
            seen[note["blob_id"]].append(note["stored"])
    return seen
