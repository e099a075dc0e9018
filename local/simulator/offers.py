"""The answer of dequeue, with the forms of it that were seen in the field."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aiohttp import web

from .calls import base_url, fault_name
from .exports import ExportMessage

_OLD_BUILD = ("CorrelationId", "PopReceipt", "DownloadLocation")


def offer(request: web.Request, message: ExportMessage, before: datetime | None) -> dict[str, Any]:
    """What a dequeue says of a message that was dequeued `before`, or never.

    Behind a load balancer the location is http and bears :80 (documented); without a file it is null (seen).
    """
    fault = fault_name(request)
    has_file = message.content is not None and fault not in {"no_file", "null_location"}
    without_location = message.content is None or fault == "null_location"
    told = {
        "CorrelationId": message.correlation_id,
        "PopReceipt": message.pop_receipt,
        "DownloadLocation": None if without_location else _location(request, message, fault),
        "IsDownLoadFileExist": has_file,
        "FileDownLoadErrorMessage": None if has_file else "There are no records to export",
        "LastDequeueDateTime": before.isoformat() if before else None,
    }
    return {name: told[name] for name in _OLD_BUILD} if fault == "old_build" else told


def _location(request: web.Request, message: ExportMessage, fault: str) -> str:
    front = {
        "wrong_host_download": "https://files.evil.example",
        "http_location": f"http://{request.url.host}:80",
    }.get(fault, base_url(request))
    activity = f"%7B{message.activity_id}%7D"
    return f"{front}/api/connector/download/{activity}?correlation-id={message.correlation_id}&blob={message.blob_id}"
