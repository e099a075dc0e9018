"""The DMF actions: status, evidence, and the package API."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import requests

from tests.packages import zipped
from tests.simulator.conftest import CSV, PACKAGE, Caller
from tests.simulator.test_packages import entity, groups_package, manifest

EMPTY_GUID = "00000000-0000-0000-0000-000000000000"
BAD_ROWS = b"CUSTOMERGROUPID,DESCRIPTION\r\n,x\r\n40,y\r\n12345678901,z\r\n"
BLOCK = {"x-ms-blob-type": "BlockBlob"}
ASKED = {"definitionGroupId": "P", "executionId": "mine", "legalEntityId": "USMF"}


def put(caller: Caller, content: bytes) -> str:
    """The URL of a package that was put into the blob store."""
    url = str(json.loads(caller.action("GetAzureWriteUrl", uniqueFileName="p.zip"))["BlobUrl"])
    assert requests.put(url, data=content, headers=BLOCK, timeout=10).status_code == 201
    return url


def test_the_execution_of_a_message_is_the_empty_guid_until_it_runs(caller: Caller) -> None:
    message_id = caller.enqueue()
    assert caller.action("GetExecutionIdByMessageId", _messageId=message_id) == EMPTY_GUID
    caller.world.recurrence_tick()
    told = caller.action("GetExecutionIdByMessageId", _messageId=message_id)
    assert told == caller.status(message_id)["DataJobStatus"]["ExecutionIdentifier"]
    assert caller.action("GetExecutionSummaryStatus", executionId=told) == "Executing"


def test_the_summary_of_an_unknown_execution_was_not_found(caller: Caller) -> None:
    answer = caller.act("GetExecutionSummaryStatus", executionId="no such")
    assert answer.status_code == 400
    assert "were not found" in answer.json()["error"]["innererror"]["message"]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("GetMessageStatus", {"messageID": "x"}),
        ("GetMessageStatus", {"messageId": "x"}),
        ("GetExecutionIdByMessageId", {"messageId": "x"}),
    ],
)
def test_parameters_are_case_sensitive_and_messages_must_exist(caller: Caller, name: str, told: dict[str, str]) -> None:
    assert caller.act(name, **told).status_code == 400


def test_an_action_that_does_not_exist_is_not_found_and_its_body_must_be_json(caller: Caller) -> None:
    assert caller.act("GetEverything").status_code == 404
    path = "/data/DataManagementDefinitionGroups/Microsoft.Dynamics.DataEntities.GetMessageStatus"
    assert caller.call("POST", path, data=b"no json").status_code == 400


def test_the_errors_of_a_partial_import_can_be_fetched_in_every_documented_way(caller: Caller) -> None:
    execution = caller.imported(BAD_ROWS).execution_id
    assert caller.action("GetExecutionSummaryStatus", executionId=execution) == "PartiallySucceeded"
    assert len(json.loads(caller.action("GetExecutionErrors", executionId=execution))) == 2
    assert caller.action("GetEntityExecutionSummaryStatusList", executionId=execution) == ["Customer groups: Error"]
    assert caller.action("GetExecutionSummaryPageUrl", executionId=execution).endswith(execution)
    told = {"executionId": execution, "entityName": "Customer groups"}
    staging = requests.get(caller.action("GetImportStagingErrorFileUrl", **told), timeout=10).text
    assert staging.splitlines()[1].startswith("3,CUSTOMERGROUPID,")


def test_the_error_keys_file_is_made_when_asked_for_and_takes_some_polls(caller: Caller) -> None:
    caller.world.error_file_polls = 2
    told = {"executionId": caller.imported(BAD_ROWS).execution_id, "entityName": "Customer groups"}
    assert caller.action("GetImportTargetErrorKeysFileUrl", **told) == ""
    assert caller.action("GenerateImportTargetErrorKeysFile", **told) is True
    urls = [caller.action("GetImportTargetErrorKeysFileUrl", **told) for _ in range(3)]
    assert urls[:2] == ["", ""]
    assert requests.get(urls[2], timeout=10).text.splitlines()[0] == "CUSTOMERGROUPID,ErrorMessage"


def test_without_errors_there_are_no_error_files(caller: Caller) -> None:
    told = {"executionId": caller.imported().execution_id, "entityName": "Customer groups"}
    assert caller.action("GenerateImportTargetErrorKeysFile", **told) is False
    assert caller.action("GetImportStagingErrorFileUrl", **told) == ""


def test_a_signed_url_wants_no_bearer_and_ends_after_an_hour(caller: Caller) -> None:
    url = put(caller, b"x")
    assert requests.get(url, timeout=10).content == b"x"
    assert requests.get(url, timeout=10, headers={"Authorization": "Bearer x"}).status_code == 400
    assert requests.get(url.replace("sig=", "sig=0"), timeout=10).status_code == 403
    assert requests.get(url.split("?")[0], timeout=10).status_code == 403
    assert requests.put(url, data=b"x", timeout=10).status_code == 400
    caller.world.clock.advance(timedelta(hours=1, seconds=1))
    assert requests.get(url, timeout=10).status_code == 403


@pytest.mark.parametrize("field", ["JobId", "DefinitionGroupId"])
def test_details_are_found_by_execution_or_by_data_project(caller: Caller, field: str) -> None:
    caller.world.jobs[next(iter(caller.world.jobs))].data_project = "Pete's project"
    message, _ = caller.imported(BAD_ROWS), caller.imported(groups_package(), PACKAGE, "")
    wanted = message.execution_id if field == "JobId" else "Pete's project"
    query = f"{field} eq '{wanted.replace(chr(39), chr(39) * 2)}'"
    answer = caller.call("GET", "/data/DataManagementExecutionJobDetails", params={"$filter": query})
    [row] = answer.json()["value"]
    assert (row["JobId"], row["StagingRecordsToBeProcessedCount"], row["StagingRecordsCreatedCount"]) == (
        message.execution_id,
        3,
        2,
    )
    assert (row["TargetRecordsCreatedCount"], row["TargetStatus"], row["StagingStatus"]) == (1, "Error", "Error")


def test_a_filter_that_is_not_understood_is_refused(caller: Caller) -> None:
    path = "/data/DataManagementExecutionJobDetails?$filter=EntityName eq 'x'"
    assert caller.call("GET", path).status_code == 400


def test_a_package_is_imported_under_the_callers_execution_id(caller: Caller) -> None:
    told = {**ASKED, "packageUrl": put(caller, groups_package()), "execute": True, "overwrite": False}
    assert caller.action("ImportFromPackage", **told) == "mine"
    assert caller.action("GetExecutionSummaryStatus", executionId="mine") == "NotRun"
    caller.run()
    assert caller.action("GetExecutionSummaryStatus", executionId="mine") == "Succeeded"
    assert len(caller.world.imports_of(groups_package())) == 1
    assert caller.act("ImportFromPackage", **told).status_code == 400


def test_a_package_that_is_not_to_be_executed_does_not_run(caller: Caller) -> None:
    told = {**ASKED, "packageUrl": put(caller, groups_package()), "execute": False, "overwrite": False}
    caller.action("ImportFromPackage", **told)
    caller.run()
    assert caller.action("GetExecutionSummaryStatus", executionId="mine") == "NotRun"


@pytest.mark.parametrize(
    "content",
    [
        CSV,
        zipped({"p/Manifest.xml": b"<x/>"}),
        zipped({"Manifest.xml": manifest(entity("No such entity")).encode(), "No such entity.csv": CSV}),
    ],
)
def test_a_package_that_cannot_be_read_is_refused_at_once(caller: Caller, content: bytes) -> None:
    told = {**ASKED, "packageUrl": put(caller, content), "execute": True, "overwrite": False}
    assert caller.act("ImportFromPackage", **told).status_code == 400
    assert caller.world.messages == {}


def test_a_package_export_is_ready_after_a_recurrence(caller: Caller) -> None:
    caller.world.package_exports.contents["P"] = b"PK exported"
    asked = ASKED | {"executionId": "", "packageName": "x", "reExecute": True}
    execution = caller.action("ExportToPackage", **asked)
    assert caller.action("GetExportedPackageUrl", executionId=execution) == ""
    caller.run()
    assert caller.action("GetExecutionSummaryStatus", executionId=execution) == "Succeeded"
    url = caller.action("GetExportedPackageUrl", executionId=execution)
    assert requests.get(url, timeout=10).content == b"PK exported"


def test_a_deleted_history_is_not_found_but_its_rows_stay(caller: Caller) -> None:
    message = caller.imported()
    assert caller.action("DeleteExecutionHistoryJob", executionId=message.execution_id) is True
    assert caller.act("GetExecutionErrors", executionId=message.execution_id).status_code == 400
    assert caller.world.imports_of(CSV) == [message]
