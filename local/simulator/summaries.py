"""Actions that say how a message or an execution went."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from .calls import WORLD, base_url, fault_name
from .executions import Action, ActionRefused, execution
from .messages import IN_PROCESS, PRE_PROCESS_ERROR, PROCESSED, WITH_ERRORS, Message
from .world import EMPTY_GUID


def _message(request: web.Request, message_id: str) -> Message:
    message = request.app[WORLD].known_message(message_id)
    if message is None:
        raise ActionRefused(f"The message '{message_id}' was not found")
    return message


def _message_status(request: web.Request, told: Mapping[str, Any]) -> str:
    """The words of this action, which are not those of jobstatus."""
    world = request.app[WORLD]
    words = {
        0: "Enqueued",
        1: "Dequeued",
        4: "Processing",
        5: "Processed",
        6: "ProcessedWithErrors",
        7: world.post_process_word,
        8: "PreProcessingError",
        9: world.pre_processing_word,
    }
    return words[_message(request, str(told["messageId"])).state]


def _execution_id(request: web.Request, told: Mapping[str, Any]) -> str:
    """The empty GUID until the message runs."""
    return _message(request, str(told["_messageId"])).execution_id or EMPTY_GUID


def _summary(request: web.Request, told: Mapping[str, Any]) -> str:
    world, execution_id = request.app[WORLD], str(told["executionId"])
    exported = world.package_exports.status(execution_id)
    if exported:
        return exported
    message = execution(world, execution_id)
    if not message.ended:
        return "Executing" if message.state == IN_PROCESS else "NotRun"
    if message.state == PROCESSED:
        return "Succeeded"
    return "PartiallySucceeded" if message.state == WITH_ERRORS and message.rows_written else "Failed"


def _entity_statuses(request: web.Request, told: Mapping[str, Any]) -> list[str]:
    message = execution(request.app[WORLD], str(told["executionId"]))
    return [f"{result.entity}: {'Error' if result.errors else 'Finished'}" for result in message.entities]


def _errors(request: web.Request, told: Mapping[str, Any]) -> str:
    """A string that holds JSON; unescaped quotes make it invalid where the fault says so (measured on 10.0.48)."""
    message = execution(request.app[WORLD], str(told["executionId"]))
    if message.state == PRE_PROCESS_ERROR or message.fate == "empty_log":
        return "[]"
    text = json.dumps(
        [
            {"RecordId": error.record_id, "Field": error.field, "ErrorMessage": error.message}
            for result in message.entities
            for error in result.errors
        ]
    )
    return text.replace("'", '"') if fault_name(request) == "broken_inner_json" else text


def _page_url(request: web.Request, told: Mapping[str, Any]) -> str:
    return f"{base_url(request)}/?mi=DM_DataManagementWorkspaceMenuItem&execution={told['executionId']}"


def _delete_history(request: web.Request, told: Mapping[str, Any]) -> bool:
    execution(request.app[WORLD], str(told["executionId"])).history_deleted = True
    return True


ACTIONS: dict[str, Action] = {
    "GetMessageStatus": _message_status,
    "GetExecutionIdByMessageId": _execution_id,
    "GetExecutionSummaryStatus": _summary,
    "GetEntityExecutionSummaryStatusList": _entity_statuses,
    "GetExecutionErrors": _errors,
    "GetExecutionSummaryPageUrl": _page_url,
    "DeleteExecutionHistoryJob": _delete_history,
}
