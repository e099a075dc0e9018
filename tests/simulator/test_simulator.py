"""The simulator by itself, over HTTP: others may rely on it without reading it."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from local.simulator.faults import FAULTS, UnknownFault
from tests.packages import zipped

FILE = "11111111-1111-4111-8111-111111111111"
PACKAGE = "22222222-2222-4222-8222-222222222222"
EXPORT = "33333333-3333-4333-8333-333333333333"
CSV = b"CUSTOMERGROUPID,DESCRIPTION\r\n40,Wholesale\r\n"
ROOT = Path(__file__).parents[2]


class Caller:
    """A client of the simulator that knows nothing of the engine."""

    def __init__(self, simulator: Any) -> None:
        self.world = simulator.world
        self.base = simulator.url
        self.session = requests.Session()
        self.token = self.sign_in().json()["access_token"]

    def sign_in(self, **changes: str) -> requests.Response:
        """A token by client secret, v2."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self.world.client_id,
            "client_secret": self.world.client_secret,
            "scope": f"{self.base}/.default",
        }
        return requests.post(f"{self.base}/{self.world.tenant_id}/oauth2/v2.0/token", data=form | changes, timeout=10)

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """A call with the token."""
        headers = {"Authorization": f"Bearer {options.pop('token', self.token)}"} | options.pop("headers", {})
        return self.session.request(
            method, self.base + path, headers=headers, timeout=10, allow_redirects=False, **options
        )

    def enqueue(self, body: bytes = CSV, activity: str = FILE, query: str = "?entity=Customer%20groups") -> str:
        """Enqueue and return the message ID."""
        return str(self.call("POST", f"/api/connector/enqueue/{activity}{query}", data=body).json())

    def status(self, message_id: str, activity: str = FILE) -> dict[str, Any]:
        """jobstatus."""
        answer = self.call("GET", f"/api/connector/jobstatus/{activity}?jobId={message_id}")
        return dict(answer.json())

    def action(self, name: str, **told: Any) -> Any:
        """The value of a DMF action."""
        path = f"/data/DataManagementDefinitionGroups/Microsoft.Dynamics.DataEntities.{name}"
        return self.call("POST", path, json=told).json()["value"]

    def run(self) -> None:
        """As many recurrences as an import needs."""
        for _ in range(3):
            self.world.recurrence_tick()


@pytest.fixture
def caller(simulator: Any) -> Any:
    """A signed-in caller."""
    made = Caller(simulator)
    yield made
    made.session.close()


def test_each_post_makes_a_message_of_its_own_with_a_quoted_id(caller: Caller) -> None:
    first, second = caller.enqueue(), caller.enqueue()
    assert first != second
    assert len(caller.world.messages_with(CSV)) == 2
    answer = caller.call("POST", f"/api/connector/enqueue/{FILE}?entity=Customer%20groups", data=CSV)
    assert answer.text.startswith('"')


@pytest.mark.parametrize(
    "path", ["/api/connector/enqueue/%7B{id}%7D", "/en/api/connector/enqueue/{id}", "/api/connector/Enqueue/{id}"]
)
def test_every_form_of_the_path_is_taken(caller: Caller, path: str) -> None:
    assert caller.call("POST", path.replace("{id}", FILE), data=CSV).status_code == 200


def test_a_message_walks_from_enqueued_through_in_process_to_processed(caller: Caller) -> None:
    message_id = caller.enqueue()
    seen = []
    for _ in range(3):
        seen.append(caller.status(message_id)["DataJobStatus"]["DataJobState"])
        caller.world.recurrence_tick()
    assert seen == [0, 4, 5]
    detail = caller.status(message_id)["ExecutionDetail"]
    assert (detail[0]["TargetRecords"], detail[0]["TotalRecords"]) == (1, 1)
    assert [m.message_id for m in caller.world.imports_of(CSV)] == [message_id]


def test_both_vocabularies_and_both_forms(caller: Caller) -> None:
    message_id = caller.enqueue(b"CUSTOMERGROUPID,DESCRIPTION\r\n,x\r\n40,y\r\n")
    caller.run()
    caller.world.state_form = "name"
    assert caller.status(message_id)["DataJobStatus"]["DataJobState"] == "ProcessedWithErrors"
    assert caller.action("GetMessageStatus", messageId=message_id) == "ProcessedWithErrors"
    other = caller.enqueue(b"WRONG\r\nx\r\n")
    caller.run()
    assert caller.status(other)["DataJobStatus"]["DataJobState"] == "PreProcessError"
    assert caller.action("GetMessageStatus", messageId=other) == "PreProcessingError"


def test_the_errors_of_a_partial_import_can_be_fetched_in_every_documented_way(caller: Caller) -> None:
    message_id = caller.enqueue(b"CUSTOMERGROUPID,DESCRIPTION\r\n,x\r\n40,y\r\n12345678901,z\r\n")
    assert caller.action("GetExecutionIdByMessageId", _messageId=message_id) == "00000000-0000-0000-0000-000000000000"
    caller.run()
    execution = caller.action("GetExecutionIdByMessageId", _messageId=message_id)
    assert execution == caller.status(message_id)["DataJobStatus"]["ExecutionIdentifier"]
    assert caller.action("GetExecutionSummaryStatus", executionId=execution) == "PartiallySucceeded"
    assert len(json.loads(caller.action("GetExecutionErrors", executionId=execution))) == 2
    told = {"executionId": execution, "entityName": "Customer groups"}
    assert caller.action("GenerateImportTargetErrorKeysFile", **told) is True
    assert caller.action("GetImportTargetErrorKeysFileUrl", **told) == ""
    url = caller.action("GetImportTargetErrorKeysFileUrl", **told)
    assert requests.get(url, timeout=10).status_code == 200
    assert requests.get(url, timeout=10, headers={"Authorization": "Bearer x"}).status_code == 400
    caller.world.clock.advance(timedelta(hours=2))
    assert requests.get(url, timeout=10).status_code == 403
    caller.token = caller.sign_in().json()["access_token"]
    assert caller.action("GetImportStagingErrorFileUrl", **told)
    rows = caller.call("GET", f"/data/DataManagementExecutionJobDetails?$filter=JobId eq '{execution}'").json()["value"]
    assert [row["StagingRecordsCreatedCount"] for row in rows] == [2]


def _manifest(rows: str) -> str:
    return (
        f"<DataManagementPackageManifest><PackageEntityList>{rows}</PackageEntityList></DataManagementPackageManifest>"
    )


def _entity(label: str, level: int, fields: tuple[str, ...], before: str = "") -> str:
    maps = "".join(f"<EntityMap><EntityField>{f}</EntityField><XMLField>{f}</XMLField></EntityMap>" for f in fields)
    return (
        f"<DataManagementPackageEntityData>{before}<EntityMapList>{maps}</EntityMapList><EntityName>{label}</EntityName>"
        f"<ExecutionUnit>1</ExecutionUnit><InputFilePath>{label}.csv</InputFilePath>"
        f"<LevelInExecutionUnit>{level}</LevelInExecutionUnit></DataManagementPackageEntityData>"
    )


GROUP_FIELDS, CUSTOMER_FIELDS = ("CUSTOMERGROUPID", "DESCRIPTION"), ("CUSTOMERACCOUNT", "CUSTOMERGROUPID")
CUSTOMERS = b"CUSTOMERACCOUNT,CUSTOMERGROUPID\r\nC1,40\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(("levels", "customers_written"), [((1, 2), 1), ((2, 1), 0)])
def test_entities_of_a_package_run_by_their_levels(
    caller: Caller, encoding: str, levels: tuple[int, int], customers_written: int
) -> None:
    rows = _entity("Customer groups", levels[0], GROUP_FIELDS) + _entity("Customers V3", levels[1], CUSTOMER_FIELDS)
    files = {
        "Manifest.xml": _manifest(rows).encode(encoding),
        "Customer groups.csv": CSV,
        "Customers V3.csv": CUSTOMERS,
    }
    message_id = caller.enqueue(zipped(files), PACKAGE, "?company=USMF")
    caller.run()
    written = {e.entity: e.written for e in caller.world.messages[message_id].entities}
    assert written == {"Customer groups": 1, "Customers V3": customers_written}


@pytest.mark.parametrize(
    ("files", "state"),
    [
        ({"Manifest.xml": _manifest(_entity("Customer groups", 1, ())), "Customer groups.csv": CSV}, 5),
        ({"p/Manifest.xml": _manifest(""), "p/Customer groups.csv": CSV}, 8),
        ({"Manifest.xml": _manifest(_entity("Customer groups", 1, GROUP_FIELDS))}, 8),
        ({"Manifest.xml": _manifest(_entity("No such entity", 1, GROUP_FIELDS)), "No such entity.csv": CSV}, 8),
        ({"Manifest.xml": "<broken"}, 8),
    ],
)
def test_a_package_ends_as_its_content_deserves(caller: Caller, files: dict[str, Any], state: int) -> None:
    members = {name: body if isinstance(body, bytes) else body.encode() for name, body in files.items()}
    message_id = caller.enqueue(zipped(members), PACKAGE, "?company=USMF")
    caller.run()
    message = caller.world.messages[message_id]
    assert (message.state, message.rows_written) == (state, 0)


def test_an_element_out_of_order_is_skipped_as_the_real_reader_does(caller: Caller) -> None:
    rows = _entity("Customer groups", 1, GROUP_FIELDS, before="<SourceFormat>CSV</SourceFormat>")
    message_id = caller.enqueue(
        zipped({"Manifest.xml": _manifest(rows).encode(), "Customer groups.csv": CSV}), PACKAGE, ""
    )
    caller.run()
    assert caller.world.messages[message_id].state == 8


def test_a_wrong_label_is_accepted_and_never_ends(caller: Caller) -> None:
    message_id = caller.enqueue(query="?entity=Custommer%20groups")
    for _ in range(10):
        caller.world.recurrence_tick()
    assert caller.status(message_id)["DataJobStatus"]["DataJobState"] == 4


def test_the_batch_group_has_finite_room(caller: Caller) -> None:
    caller.world.batch_capacity = 2
    for _ in range(5):
        caller.enqueue()
    caller.world.recurrence_tick()
    assert sorted(m.state for m in caller.world.messages.values()) == [0, 0, 0, 4, 4]
    assert caller.world.most_in_flight(FILE) == 5


def test_an_ordered_job_runs_one_message_at_a_time(caller: Caller) -> None:
    caller.world.jobs[FILE].ordered = True
    ids = [caller.enqueue() for _ in range(2)]
    caller.world.recurrence_tick()
    assert [caller.world.messages[i].state for i in ids] == [4, 0]


def test_the_auth_matrix(caller: Caller) -> None:
    path = f"/api/connector/jobstatus/{FILE}?jobId=x"
    assert caller.sign_in(client_secret="wrong").status_code == 401
    assert caller.call("GET", path, token="not.a.token").status_code == 401
    odd = caller.sign_in(scope=f"{caller.base}//.default").json()["access_token"]
    assert caller.call("GET", path, token=odd).status_code == 401
    assert caller.call("POST", "/api/connector/enqueue/99999999-9999-4999-8999-999999999999").status_code == 500
    caller.world.jobs[FILE].policy = {"someone else"}
    assert caller.call("POST", f"/api/connector/enqueue/{FILE}", data=CSV).status_code == 401
    assert caller.call("GET", "/data/DataManagementExecutionJobDetails?$filter=JobId eq 'x'").status_code == 200
    caller.world.mapped_clients.clear()
    assert caller.call("POST", f"/api/connector/enqueue/{FILE}", data=CSV).status_code == 403
    caller.world.on_premises = True
    assert caller.call("POST", f"/api/connector/enqueue/{FILE}", data=CSV).status_code == 302
    caller.world.clock.advance(timedelta(hours=2))
    caller.world.on_premises = False
    assert caller.call("POST", f"/api/connector/enqueue/{FILE}", data=CSV).status_code == 401


def test_the_v1_token_endpoint_works_too(caller: Caller) -> None:
    form = {
        "client_id": caller.world.client_id,
        "client_secret": caller.world.client_secret,
        "resource": caller.base,
        "grant_type": "client_credentials",
    }
    answer = requests.post(f"{caller.base}/{caller.world.tenant_id}/oauth2/token", data=form, timeout=10)
    assert (
        caller.call("GET", f"/api/connector/dequeue/{EXPORT}", token=answer.json()["access_token"]).status_code == 204
    )


def test_an_answer_lost_after_commit_really_stores_and_before_commit_does_not(caller: Caller) -> None:
    for name, stored in (("answer_lost_before_commit", 0), ("answer_lost_after_commit", 1)):
        caller.world.faults.add("enqueue", name)
        with pytest.raises(requests.ConnectionError):
            caller.enqueue()
        assert len(caller.world.messages_with(CSV)) == stored


def test_throttling_says_how_long_in_seconds_as_a_date_or_not_at_all(caller: Caller) -> None:
    for params in ({"retry_after": 7}, {"retry_after": 7, "as_date": True}, {}):
        caller.world.faults.add("jobstatus", "throttle", **params)
    answers = [caller.call("GET", f"/api/connector/jobstatus/{FILE}?jobId=x") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429] * 3
    headers = [answer.headers.get("Retry-After") for answer in answers]
    assert headers[0] == "7"
    assert headers[1] is not None
    assert headers[1].endswith("GMT")
    assert headers[2] is None


def test_a_fault_can_be_for_one_activity_only(caller: Caller) -> None:
    caller.world.faults.add("enqueue", "status", code=503, match={"activity_id": PACKAGE})
    assert caller.enqueue()
    assert caller.call("POST", f"/api/connector/enqueue/{PACKAGE}", data=b"x").status_code == 503


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_can_be_queued_and_met_without_hurting_the_next_call(caller: Caller, name: str) -> None:
    call = {"hang": "dequeue", "slow": "dequeue"}.get(name, "enqueue")
    caller.world.faults.add(call, name, seconds=0.05)
    path = f"/api/connector/{call}/{FILE if call == 'enqueue' else EXPORT}"
    try:
        caller.call("POST" if call == "enqueue" else "GET", path, data=CSV).content  # noqa: B018 - reading it is the point
    except requests.RequestException:
        caller.session.close()
    assert caller.enqueue()


def test_an_unknown_fault_is_refused_with_the_list_of_known_ones(caller: Caller) -> None:
    with pytest.raises(UnknownFault, match="answer_lost_after_commit"):
        caller.world.faults.add("enqueue", "explode")


def test_faults_at_a_rate_repeat_with_their_seed(caller: Caller) -> None:
    def run() -> list[int]:
        caller.world.faults.at_random(7, 0.5, [("dequeue", "throttle")])
        return [caller.call("GET", f"/api/connector/dequeue/{EXPORT}").status_code for _ in range(20)]

    first = run()
    assert set(first) == {204, 429}
    assert run() == first


def test_an_export_is_leased_offered_again_with_a_new_receipt_and_ends_with_its_ack(caller: Caller) -> None:
    caller.world.export(EXPORT, b"package")
    path, ack = f"/api/connector/dequeue/{EXPORT}", f"/api/connector/ack/{EXPORT}"
    first = caller.call("GET", path)
    assert caller.call("GET", path).status_code == 204
    caller.world.clock.advance(timedelta(minutes=31))
    second = caller.call("GET", path)
    assert first.json()["LastDequeueDateTime"] is None
    assert second.json()["LastDequeueDateTime"]
    assert first.json()["PopReceipt"] != second.json()["PopReceipt"]
    assert caller.call("GET", second.json()["DownloadLocation"].removeprefix(caller.base)).content == b"package"
    assert caller.call("POST", ack, data=first.content).status_code == 500
    assert caller.call("POST", ack, data=b'{"made": "up"}').status_code == 500
    assert caller.call("POST", ack, data=second.content).status_code == 200
    assert caller.call("POST", ack, data=second.content).status_code == 500
    assert caller.world.exports[0].state == "acknowledged"


def test_an_export_that_nobody_fetches_is_gone_after_seven_days(caller: Caller) -> None:
    caller.world.export(EXPORT, b"package")
    caller.world.clock.advance(timedelta(days=7, minutes=1))
    caller.token = caller.sign_in().json()["access_token"]
    assert caller.call("GET", f"/api/connector/dequeue/{EXPORT}").status_code == 204
    assert caller.world.exports[0].state == "expired"


def test_a_package_can_be_imported_and_exported_by_the_package_api(caller: Caller) -> None:
    target = json.loads(caller.action("GetAzureWriteUrl", uniqueFileName="p.zip"))["BlobUrl"]
    files = {
        "Manifest.xml": _manifest(_entity("Customer groups", 1, GROUP_FIELDS)).encode(),
        "Customer groups.csv": CSV,
    }
    assert requests.put(target, data=zipped(files), timeout=10).status_code == 201
    told = {"packageUrl": target, "definitionGroupId": "P", "executionId": "mine", "execute": True, "overwrite": False}
    assert caller.action("ImportFromPackage", **told, legalEntityId="USMF") == "mine"
    caller.run()
    assert caller.action("GetExecutionSummaryStatus", executionId="mine") == "Succeeded"
    asked = {
        "definitionGroupId": "P",
        "packageName": "x",
        "executionId": "",
        "reExecute": True,
        "legalEntityId": "USMF",
    }
    execution = caller.action("ExportToPackage", **asked)
    assert caller.action("GetExportedPackageUrl", executionId=execution) == ""
    caller.run()
    assert requests.get(caller.action("GetExportedPackageUrl", executionId=execution), timeout=10).status_code == 200


def test_everything_a_test_in_another_process_needs_is_under_the_control_surface(caller: Caller) -> None:
    def post(path: str, told: Any = None, **options: Any) -> requests.Response:
        return requests.post(f"{caller.base}/_sim/{path}", json=told, timeout=10, **options)

    assert requests.get(f"{caller.base}/_sim/state", timeout=10).json()["client_id"] == caller.world.client_id
    assert post("faults", {"call": "enqueue", "name": "status", "code": 503}).status_code == 200
    assert caller.call("POST", f"/api/connector/enqueue/{FILE}", data=CSV).status_code == 503
    assert "known" in post("faults", {"call": "enqueue", "name": "explode"}).json()["error"]
    assert post("settings", {"state_form": "name"}).status_code == 200
    assert post("settings", {"colour": "red"}).status_code == 400
    caller.enqueue()
    for _ in range(2):
        assert post("tick").status_code == 200
    [message] = requests.get(f"{caller.base}/_sim/messages", timeout=10).json()
    assert (message["ended"], message["rows_written"]) == (True, 1)
    listed = requests.get(f"{caller.base}/_sim/imports?sha256={message['content_sha256']}", timeout=10).json()
    assert len(listed) == 1
    before = caller.world.clock.now()
    post("clock/advance", {"seconds": 60})
    assert caller.world.clock.now() - before == timedelta(seconds=60)
    assert requests.post(f"{caller.base}/_sim/exports/{EXPORT}", data=b"zip", timeout=10).json()["correlation_id"]
    assert requests.get(f"{caller.base}/_sim/exports", timeout=10).json()[0]["size_bytes"] == 3
    post("reset")
    assert caller.world.messages == {}


def test_it_runs_alone_on_a_free_port_and_says_where(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    process = subprocess.Popen(
        [sys.executable, "-m", "local.simulator", "--port", "0", "--ready-file", str(ready)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("F&O simulator ready: http://127.0.0.1:")
        assert requests.get(line.split(": ")[1].strip() + "/_sim/state", timeout=10).ok
    finally:
        process.terminate()
        _, errors = process.communicate(timeout=20)
    assert "Traceback" not in errors


def test_it_imports_nothing_of_the_engine() -> None:
    code = "import sys, local.simulator; print([m for m in sys.modules if m == 'shared' or m.startswith('shared.')])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
