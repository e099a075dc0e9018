"""What F&O tells about an execution, by the DMF actions. Signed URLs are fetched without token and never logged."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import requests

from shared.adapters.d365 import wire
from shared.adapters.d365.exports import HttpDownload
from shared.adapters.d365.transport import ANSWER_SECONDS, CONNECT_SECONDS, Transport
from shared.domain.outcomes.outcome import EntityCounts
from shared.errors import AnswerLost, Terminal, Transient

_Answer = TypeVar("_Answer")


class D365Evidence:
    """ErpEvidence over HTTP. Thread-safe."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def execution_id(self, message_id: str) -> str:
        """See ErpEvidence. Builds before 2024 may lack the action."""
        path, body = wire.execution_id_call(message_id)
        return self._asked("GetExecutionIdByMessageId", path, body, wire.parse_text)

    def errors(self, execution_id: str) -> str:
        """See ErpEvidence."""
        return self._about("GetExecutionErrors", wire.parse_text, executionId=execution_id)

    def entity_counts(self, execution_id: str) -> tuple[EntityCounts, ...]:
        """See ErpEvidence."""
        path = wire.details_path(execution_id)
        return self._asked("DataManagementExecutionJobDetails", path, None, wire.parse_details)

    def page_url(self, execution_id: str) -> str:
        """See ErpEvidence."""
        return self._about("GetExecutionSummaryPageUrl", wire.parse_text, executionId=execution_id)

    def error_keys_url(self, execution_id: str, entity: str) -> str | None:
        """See ErpEvidence. Asking again while the file is made does no harm."""
        told = {"executionId": execution_id, "entityName": entity}
        if not self._about("GenerateImportTargetErrorKeysFile", wire.parse_flag, **told):
            return None
        return self._about("GetImportTargetErrorKeysFileUrl", wire.parse_text, **told)

    def staging_errors_url(self, execution_id: str, entity: str) -> str:
        """See ErpEvidence."""
        told = {"executionId": execution_id, "entityName": entity}
        return self._about("GetImportStagingErrorFileUrl", wire.parse_text, **told)

    def fetch(self, url: str) -> HttpDownload:
        """See ErpEvidence."""
        timeout = (CONNECT_SECONDS, ANSWER_SECONDS)
        try:
            response = requests.get(url, stream=True, timeout=timeout, allow_redirects=False)
        except requests.RequestException:
            raise Transient("the file behind a signed URL cannot be reached") from None  # the cause holds the URL
        if response.status_code != 200:
            response.close()
            raise Transient(f"the file behind a signed URL answered {response.status_code}")
        return HttpDownload(response)

    def _about(self, action: str, parse: Callable[[str], _Answer], **told: str) -> _Answer:
        path, body = wire.evidence_call(action, **told)
        return self._asked(action, path, body, parse)

    def _asked(self, call: str, path: str, body: dict[str, str] | None, parse: Callable[[str], _Answer]) -> _Answer:
        """An action's answer. Evidence is asked for until it is had, so everything but understanding is Transient."""
        try:
            answer = self._transport.ask("GET" if body is None else "POST", path, call, json=body)
            return parse(answer.text)
        except (AnswerLost, Terminal, wire.NotUnderstood) as error:
            raise Transient(f"{call}: {error}") from error
