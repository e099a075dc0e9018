"""How Finance & Operations spells things. Nothing outside this module knows a path, header, JSON name or status word.

Sources: Microsoft Learn "Recurring integrations" (enqueue, dequeue, ack, GetMessageStatus) and "Data management
package REST API" (the actions); the jobstatus call is not on Learn but in Microsoft's Recurring-Integrations-Scheduler.
What was only seen or is assumed says so.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlsplit

from shared.domain.doubt import Execution
from shared.domain.export import Dequeued
from shared.domain.outcomes.outcome import EntityCounts, Summary
from shared.domain.remote import RemoteReport, RemoteStatus

EXTERNAL_ID_HEADER = "x-ms-dyn-externalidentifier"
_ACTIONS = "/data/DataManagementDefinitionGroups/Microsoft.Dynamics.DataEntities."
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
#: No Retry-After is believed beyond this: a file is looked at again within the hour.
LONGEST_RETRY_AFTER = timedelta(hours=1)
EMPTY_GUID = "00000000-0000-0000-0000-000000000000"

#: Both vocabularies in one table, compared without case and by number. jobstatus answers DataJobState as a number or
#: a name (it is not known which; both are taken), GetMessageStatus answers other names for some of the same states,
#: and Microsoft's two sources differ on 7 and 9. `Acked` ends an export; an import must not be ended by it.
_STATUS = {
    "0": RemoteStatus.WAITING,
    "enqueued": RemoteStatus.WAITING,
    "1": RemoteStatus.WAITING,
    "dequeued": RemoteStatus.WAITING,
    "2": RemoteStatus.WAITING,
    "downloaded": RemoteStatus.WAITING,
    "4": RemoteStatus.RUNNING,
    "inprocess": RemoteStatus.RUNNING,
    "processing": RemoteStatus.RUNNING,
    "9": RemoteStatus.RUNNING,
    "preprocessing": RemoteStatus.RUNNING,
    "5": RemoteStatus.DONE,
    "processed": RemoteStatus.DONE,
    "6": RemoteStatus.DONE_WITH_ERRORS,
    "processedwitherrors": RemoteStatus.DONE_WITH_ERRORS,
    "7": RemoteStatus.FAILED_AFTER_PROCESSING,
    "postprocesserror": RemoteStatus.FAILED_AFTER_PROCESSING,
    "postprocessingerror": RemoteStatus.FAILED_AFTER_PROCESSING,
    "postprocessingfailed": RemoteStatus.FAILED_AFTER_PROCESSING,
    "8": RemoteStatus.FAILED_BEFORE_STAGING,
    "preprocesserror": RemoteStatus.FAILED_BEFORE_STAGING,
    "preprocessingerror": RemoteStatus.FAILED_BEFORE_STAGING,
}

_SUMMARY = {
    "succeeded": Summary.SUCCEEDED,
    "partiallysucceeded": Summary.PARTIAL,
    "failed": Summary.FAILED,
    "canceled": Summary.FAILED,
}


class NotUnderstood(ValueError):
    """An answer that is not what the API is known to say: HTML, broken JSON, a missing field."""


def enqueue_path(activity_id: str, entity: str, legal_entity: str) -> str:
    """Path and query of an enqueue call. A space is `%20`: `+` was seen to fail. `entity` is for single files only."""
    query = [("entity", entity)] if entity else []
    if legal_entity:
        query.append(("company", legal_entity))
    text = "&".join(f"{name}={quote(value, safe='')}" for name, value in query)
    return f"/api/connector/enqueue/{activity_id}" + (f"?{text}" if text else "")


def enqueue_headers(external_id: str) -> dict[str, str]:
    """Headers of an enqueue call, beside the token."""
    return {"Content-Type": "application/octet-stream", EXTERNAL_ID_HEADER: external_id}


def job_status_path(activity_id: str, message_id: str) -> str:
    """Path of the status call. Its parameter is called jobId and carries the message ID."""
    return f"/api/connector/jobstatus/{activity_id}?jobId={quote(message_id, safe='')}"


def action_path(action: str) -> str:
    """Path of a DMF action."""
    return _ACTIONS + action


def message_status_call(message_id: str) -> tuple[str, dict[str, str]]:
    """Path and body of GetMessageStatus."""
    return action_path("GetMessageStatus"), {"messageId": message_id}


def summary_call(execution_id: str) -> tuple[str, dict[str, str]]:
    """Path and body of GetExecutionSummaryStatus."""
    return action_path("GetExecutionSummaryStatus"), {"executionId": execution_id}


def dequeue_path(activity_id: str) -> str:
    """Path of the call that takes the next export."""
    return f"/api/connector/dequeue/{activity_id}"


def ack_path(activity_id: str) -> str:
    """Path of the acknowledgement; its body is the dequeue answer, echoed."""
    return f"/api/connector/ack/{activity_id}"


def parse_dequeue(body: str) -> Dequeued | None:
    """The answer of dequeue; None for the empty forms of "nothing there": no body, or `null`. Raises NotUnderstood.

    Older builds lack the last three fields. A null location or `IsDownLoadFileExist: false` is a message without file.
    """
    if body.strip() in {"", "null", '""'}:
        return None
    told = _object(body)
    if not told.get("PopReceipt"):
        raise NotUnderstood("the answer to dequeue has no PopReceipt")
    location = str(told.get("DownloadLocation") or "")
    return Dequeued(
        correlation_id=str(told.get("CorrelationId") or "").lower(),
        pop_receipt=str(told["PopReceipt"]),
        download_location=location,
        has_file=bool(location) and told.get("IsDownLoadFileExist", True) is not False,
        message=str(told.get("FileDownLoadErrorMessage") or ""),
        redelivered=bool(told.get("LastDequeueDateTime")),
        raw=body,
    )


def download_path(location: str, base_url: str) -> str:
    """Path and query of a download location, to be asked of our own host.

    Behind a load balancer F&O writes http:// and :80 into it; both are dropped. Raises NotUnderstood for any other
    host, so that no token ever goes there.
    """
    parts, base = urlsplit(location), urlsplit(base_url)
    try:
        port = parts.port
    except ValueError as error:
        raise NotUnderstood("the download location has no valid port") from error
    if parts.hostname != base.hostname or port not in {None, 80, 443, base.port} or parts.username is not None:
        raise NotUnderstood(f"the download location is on {parts.hostname or 'no host'}, not on {base.hostname}")
    return parts.path + (f"?{parts.query}" if parts.query else "")


def evidence_call(action: str, **told: str) -> tuple[str, dict[str, str]]:
    """Path and body of an action about an execution, by the names of Microsoft Learn."""
    return action_path(action), told


def execution_id_call(message_id: str) -> tuple[str, dict[str, str]]:
    """Path and body of GetExecutionIdByMessageId; the underscore is part of the name."""
    return action_path("GetExecutionIdByMessageId"), {"_messageId": message_id}


def details_path(execution_id: str) -> str:
    """Path of the details of an execution by entity (OData; quotes in an ID are doubled)."""
    literal = quote("JobId eq '" + execution_id.replace("'", "''") + "'", safe="")
    return f"/data/DataManagementExecutionJobDetails?$filter={literal}"


def executions_path(data_project: str, since: datetime) -> str:
    """Path of all executions of a data project that began at `since` (aware) or later, by entity."""
    name = data_project.replace("'", "''")
    literal = f"DefinitionGroupId eq '{name}' and StagingStartDateTime ge {since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return f"/data/DataManagementExecutionJobDetails?$filter={quote(literal, safe='')}"


def parse_executions(body: str) -> tuple[Execution, ...]:
    """Rows of DataManagementExecutionJobDetails, one execution each JobId. Raises NotUnderstood."""
    rows = _value(body)
    if not isinstance(rows, list):
        raise NotUnderstood("the answer to the executions is not a list")
    by_id: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        if isinstance(row, dict) and row.get("JobId"):
            by_id.setdefault(str(row["JobId"]), []).append(row)
    return tuple(
        Execution(
            execution_id=execution_id,
            started_at=min(filter(None, (_utc(row.get("StagingStartDateTime")) for row in found)), default=None),
            entities=tuple(map(_detail, found)),
        )
        for execution_id, found in by_id.items()
    )


def _utc(text: object) -> datetime | None:
    """A time of F&O, with or without a zone; None for an empty one and for its 1900-01-01."""
    try:
        at = datetime.fromisoformat(str(text or ""))
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return at.astimezone(UTC) if at.year > 1900 else None


def parse_text(body: str) -> str:
    """The `value` of an action that answers a string; empty for null and for the empty GUID. Raises NotUnderstood."""
    value = _value(body)
    if isinstance(value, dict | list | bool):
        raise NotUnderstood("the answer's value is not a text")
    return _execution_id(value)


def is_web_page(content_type: str | None) -> bool:
    """True for a page made for people: what a gateway or a sign-in answers with 200, and what no export is."""
    return (content_type or "").partition(";")[0].strip().casefold() == "text/html"


def parse_flag(body: str) -> bool:
    """The `value` of an action that answers true or false."""
    return _value(body) is True


def parse_details(body: str) -> tuple[EntityCounts, ...]:
    """Rows of DataManagementExecutionJobDetails. They count what was created and updated, and no errors."""
    rows = _value(body)
    if not isinstance(rows, list):
        raise NotUnderstood("the answer to the details is not a list")
    return tuple(_detail(row) for row in rows if isinstance(row, dict))


def _detail(row: dict[str, Any]) -> EntityCounts:
    total, staged = _count(row.get("StagingRecordsToBeProcessedCount")), _count(row.get("StagingRecordsCreatedCount"))
    written = _count(row.get("TargetRecordsCreatedCount")) + _count(row.get("TargetRecordsUpdatedCount"))
    return EntityCounts(
        entity=str(row.get("EntityName") or ""),
        staged=staged,
        staging_errors=max(0, total - staged),
        written=written,
        target_errors=max(0, staged - written),
        total=total,
    )


def parse_message_id(body: str) -> str:
    """The message ID of an enqueue answer: a GUID in double quotes, or in `{"value": ...}`. Lower case, bare.

    Raises NotUnderstood when there is none.
    """
    found = _GUID.fullmatch(_bare_text(body).strip("{} "))
    if not found:
        raise NotUnderstood("the answer to enqueue holds no message ID")
    return found[0].lower()


def _bare_text(body: str) -> str:
    try:
        told = json.loads(body)
    except ValueError:
        return body.strip().strip('"')
    if isinstance(told, dict):
        told = told.get("value", "")
    return str(told)


def parse_status(word: str) -> RemoteStatus:
    """A status word or number; UNKNOWN for one that this version has not met, which never ends a job."""
    return _STATUS.get(word.strip().casefold(), RemoteStatus.UNKNOWN)


def parse_job_status(body: str) -> RemoteReport:
    """The answer of jobstatus. Raises NotUnderstood when it is not that."""
    told = _object(body)
    job = told.get("DataJobStatus")
    if not isinstance(job, dict) or "DataJobState" not in job:
        raise NotUnderstood("the answer to jobstatus has no DataJobState")
    word = str(job["DataJobState"])
    return RemoteReport(
        status=parse_status(word),
        word=word,
        execution_id=_execution_id(job.get("ExecutionIdentifier")),
        data_project=str(job.get("DataProject") or ""),
        entities=tuple(_entity(row) for row in told.get("ExecutionDetail") or () if isinstance(row, dict)),
        execution_log=str(told.get("ExecutionLog") or ""),
        answer=body,
    )


def parse_message_status(body: str) -> RemoteReport:
    """The answer of GetMessageStatus: a status word only. Raises NotUnderstood."""
    word = _value(body)
    if not isinstance(word, str | int):
        raise NotUnderstood("the answer to GetMessageStatus has no value")
    return RemoteReport(status=parse_status(str(word)), word=str(word), answer=body)


def parse_summary(body: str) -> Summary:
    """The answer of GetExecutionSummaryStatus; UNDECIDED for Unknown, NotRun, Executing and words not met yet."""
    return _SUMMARY.get(str(_value(body)).casefold(), Summary.UNDECIDED)


def parse_retry_after(value: str | None, now: datetime) -> timedelta | None:
    """Delay from a Retry-After header, which is seconds or an HTTP date (RFC 9110, 10.2.3); None if it is neither."""
    if not value:
        return None
    digits = value.strip()
    if digits.isdecimal():
        return min(timedelta(seconds=int(digits[:9])), LONGEST_RETRY_AFTER) if len(digits) < 10 else LONGEST_RETRY_AFTER
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max(at - now, timedelta(0)), LONGEST_RETRY_AFTER)


def parse_error_text(body: str) -> str:
    """What an error answer says for people: the OData envelope's or Web API's message; empty for HTML or nothing."""
    try:
        told = json.loads(body)
    except ValueError:
        return ""
    if not isinstance(told, dict):
        return ""
    error = told.get("error")
    if isinstance(error, dict):
        inner = error.get("innererror")
        deep = inner.get("message") if isinstance(inner, dict) else None
        return str(deep or error.get("message") or "")[:500]
    return str(told.get("Message") or told.get("message") or "")[:500]


def _object(body: str) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except ValueError as error:
        raise NotUnderstood("the answer is not JSON") from error
    if not isinstance(told, dict):
        raise NotUnderstood("the answer is not a JSON object")
    return told


def _value(body: str) -> Any:
    return _object(body).get("value")


def _execution_id(value: object) -> str:
    """Opaque text; the empty GUID stands for "not scheduled yet". One ID was seen to hold a control character."""
    text = str(value or "")
    return "" if text == EMPTY_GUID else text


def _entity(row: dict[str, Any]) -> EntityCounts:
    """One row of ExecutionDetail. TotalRecords exists in newer builds only."""
    total = row.get("TotalRecords")
    return EntityCounts(
        entity=str(row.get("EntityName") or ""),
        staged=_count(row.get("StagingRecords")),
        staging_errors=_count(row.get("StagingErrorCount")),
        written=_count(row.get("TargetRecords")),
        target_errors=_count(row.get("TargetErrorCount")),
        total=_count(total) if total is not None else None,
    )


def _count(value: object) -> int:
    try:
        return max(0, int(str(value)))
    except ValueError:
        return 0
