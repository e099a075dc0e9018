"""The part of Event Grid: it tells blob triggers what was written to their container.

Azurite sends no events, so the container is listed again and again. As with a subscription to
`Microsoft.Storage.BlobCreated` for one container (subjectBeginsWith), a function hears of each blob that is created or
overwritten, committed blobs only, and of nothing that was there before. New metadata or headers are no event. Unlike
the real one, two writes between two looks are one event, and each write is told once: no redelivery.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.storage.blob import BlobClient, BlobProperties

from local.host.blob_trigger import BlobEvent, BlobEvents, BlobTrigger
from local.host.storage import brief
from local.host.work import Work

_log = logging.getLogger("local.host")

_AFTER_AN_OUTAGE = timedelta(seconds=1)


class Subscription:
    """One function's subscription to what is written to its container."""

    def __init__(self, trigger: BlobTrigger, events: BlobEvents, work: Work, interval: timedelta) -> None:
        """`interval` is the time between two looks."""
        self._trigger = trigger
        self._events = events
        self._work = work
        self._interval = interval
        self._known: dict[str, BlobProperties] = {}

    async def begin(self) -> None:
        """From now on, writes are told. AzureError when the storage does not answer."""
        self._known = await self._listing()

    async def run(self) -> None:
        """Look until the host stops."""
        while await self._work.pause(self._interval):
            try:
                await self.look()
            except AzureError as error:
                _log.warning("container %s does not answer: %s", self._trigger.path.container, brief(error))
                await self._work.pause(_AFTER_AN_OUTAGE)

    async def look(self) -> None:
        """Tell of what was written since the last look."""
        found = await self._listing()
        for name, blob in found.items():
            if is_written(self._known.get(name), blob):
                await self._events.tell(self._event(blob))
            self._known[name] = blob  # noted one by one: an outage in between repeats nothing
        self._known = found

    async def _listing(self) -> dict[str, BlobProperties]:
        container = self._events.container(self._trigger)
        try:
            return {blob.name: blob async for blob in container.list_blobs(include=["metadata"])}
        except ResourceNotFoundError:
            return {}  # the container may come later

    def _event(self, blob: BlobProperties) -> BlobEvent:
        return BlobEvent(
            full_name=self._trigger.function.full_name,
            container=self._trigger.path.container,
            blob=blob.name,
            etag=blob.etag.strip('"'),
            blob_type=str(getattr(blob.blob_type, "value", blob.blob_type)),
        )


def is_written(before: BlobProperties | None, now: BlobProperties) -> bool:
    """Whether content was written between the two listings, rather than only metadata or headers. In doubt it was."""
    if before is None:
        return True
    if before.etag == now.etag:
        return False
    is_same_content = _content(before) == _content(now) and now.content_settings.content_md5 is not None
    return not is_same_content or _description(before) == _description(now)


def _content(blob: BlobProperties) -> tuple[object, ...]:
    return blob.creation_time, blob.size, blob.content_settings.content_md5


def _description(blob: BlobProperties) -> tuple[object, ...]:
    return blob.metadata or {}, str(blob.content_settings)


def validation_answer(events: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """What Event Grid expects from an endpoint when a subscription is made (SubscriptionValidation)."""
    return {"validationResponse": events[0]["data"]["validationCode"]}


def delivered_events(full_name: str, events: Sequence[Mapping[str, Any]]) -> list[BlobEvent]:
    """Read a delivery in the Event Grid schema. KeyError, TypeError or ValueError when it is none."""
    return [_delivered(full_name, event["data"]) for event in events]


def _delivered(full_name: str, told: Mapping[str, Any]) -> BlobEvent:
    with BlobClient.from_blob_url(told["url"]) as place:
        return BlobEvent(
            full_name=full_name,
            container=place.container_name,
            blob=place.blob_name,
            etag=str(told["eTag"]).strip('"'),
            blob_type=told.get("blobType", "BlockBlob"),
        )
