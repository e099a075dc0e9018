"""The steps of a deployment: a wrong target is refused, events wait for the code, the package is what runs."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from local.bicep.template import Template
from local.delivery.azure_cli import AzureCli, AzureRefused, StepFailed
from local.delivery.events import FUNCTION, Patience, connect, outputs
from local.delivery.package import build, seconds_to_import
from local.delivery.smoke import functions_of, smoke
from local.delivery.target import ERP_TAG, TAG, Target, guard, read_target
from tests.infra.app_code import triggers
from tests.infra.conftest import INFRA, ROOT
from tests.infra.fake_az import FakeAz, after

SANDBOX = Target(environment="sandbox", erp_url="https://sandbox.example", feeds_file="feeds.yaml")
OUTPUTS = {
    "apP_NAME": "func-courier",
    "topiC_NAME": "evgt-courier",
    "fileS_ACCOUNT": "courierfile",
    "landinG_CONTAINER": "landing",
    "deaD_LETTER_CONTAINER": "deadletters",
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "feeds.yaml").write_text("version: 1\nenvironment: sandbox\n", encoding="utf-8")
    return tmp_path


def _app(url: str) -> dict[str, Any]:
    return {"name": "func-courier", "tags": {TAG: "sandbox", ERP_TAG: url}}


def _group(environment: str | None, url: str = "https://sandbox.example/") -> FakeAz:
    tags = {TAG: environment} if environment else None
    return FakeAz(
        {
            "group show": {"tags": tags},
            "functionapp list": [{"name": "other", "tags": None}, *([_app(url)] if url else [])],
        }
    )


def test_the_right_target_is_told(checkout: Path) -> None:
    told = guard(_group("sandbox"), "rg", SANDBOX, checkout)
    assert told[-1] == "func-courier talks to https://sandbox.example"


@pytest.mark.parametrize("environment", ["production", None])
def test_a_group_of_another_environment_is_refused(checkout: Path, environment: str | None) -> None:
    with pytest.raises(StepFailed, match=f"has {TAG}={environment!r}, the parameters are for 'sandbox'"):
        guard(_group(environment), "rg", SANDBOX, checkout)


def test_a_feeds_file_of_another_environment_is_refused(checkout: Path) -> None:
    (checkout / "feeds.yaml").write_text("version: 1\nenvironment: production\n", encoding="utf-8")
    with pytest.raises(StepFailed, match="is for 'production', the parameters are for 'sandbox'"):
        guard(_group("sandbox"), "rg", SANDBOX, checkout)


def test_an_app_that_talks_to_another_erp_is_not_turned_around(checkout: Path) -> None:
    with pytest.raises(StepFailed, match=r"talks to https://old\.example"):
        guard(_group("sandbox", "https://old.example"), "rg", SANDBOX, checkout)


def test_a_group_without_an_app_yet_is_the_right_target(checkout: Path) -> None:
    assert guard(_group("sandbox", ""), "rg", SANDBOX, checkout)[-1] == "resource group rg is for sandbox"


def test_the_target_is_read_from_a_parameters_file_and_azds_variables_from_the_environment() -> None:
    environ = {
        "COURIER_ENVIRONMENT": "sandbox",
        "AZURE_LOCATION": "westeurope",
        "D365_BASE_URL": "https://sandbox.example/",
        "CUSTOMER_GROUPS_ACTIVITY_ID": "x",
        "COURIER_ALERT_EMAIL": "ops@contoso.com",
    }
    assert read_target(INFRA / "main.parameters.json", environ) == SANDBOX
    with pytest.raises(StepFailed, match="needs AZURE_LOCATION: set with `azd env set"):
        read_target(INFRA / "main.parameters.json", {**environ, "AZURE_LOCATION": ""})


class Waited:
    """Patience that is never really tested, and what was told meanwhile."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.seconds = 0.0

    def patience(self) -> Patience:
        return Patience(sleep=self._wait, tell=self.told.append, tries=4)

    def _wait(self, seconds: float) -> None:
        self.seconds += seconds


def _azure(**changed: Any) -> FakeAz:
    answers: dict[str, Any] = {
        "deployment group list": [
            {"at": "2026-11-02", "outputs": {name: {"value": value} for name, value in OUTPUTS.items()}},
            {"at": "2026-11-01", "outputs": {"apP_NAME": {"value": "func-before"}}},
            {"at": "2026-11-03", "outputs": {"id": {"value": "a module"}}},
        ],
        "functionapp function list": [f"func-courier/{name}" for name in triggers()],
        "functionapp keys list": True,
        "deployment group create": {"properties": {}},
        "functionapp show": lambda arguments: "Running" if arguments[-1] == "properties.state || state" else None,
        "eventgrid system-topic event-subscription show": "Succeeded",
        "functionapp config appsettings list": lambda arguments: (
            ["sandbox"] if "D365_ENVIRONMENT" in arguments[-1] else ["https://sandbox.example"]
        ),
    }
    return FakeAz({**answers, **{name.replace("_", " "): answer for name, answer in changed.items()}})


def test_events_are_connected_with_the_names_of_the_newest_deployment(templates: dict[str, Template]) -> None:
    azure, waited = _azure(), Waited()
    connect(azure, "rg", INFRA / "events.bicep", waited.patience())
    given = dict(word.split("=", 1) for word in azure.asked[-1].partition("--parameters ")[2].split())
    assert set(given) == set(templates["events.bicep"].parameters)
    assert given["appName"] == "func-courier"
    assert given["deadLetterContainer"] == "deadletters"
    assert waited.seconds == 0


def test_events_wait_for_a_host_that_is_still_starting() -> None:
    azure, waited = _azure(functionapp_keys_list=after(2, answer=True)), Waited()
    connect(azure, "rg", INFRA / "events.bicep", waited.patience())
    assert waited.seconds == 30
    assert azure.asked[-1].startswith("deployment group create")


def test_a_handshake_that_fails_is_told_and_tried_again() -> None:
    azure, waited = _azure(deployment_group_create=after(1, {})), Waited()
    connect(azure, "rg", INFRA / "events.bicep", waited.patience())
    assert "Webhook validation handshake failed" in waited.told
    assert waited.told[-1] == "Event Grid tells the app of new files"


def test_an_app_that_never_comes_up_ends_the_step_with_a_word_on_where_to_look() -> None:
    azure, waited = _azure(functionapp_function_list=[]), Waited()
    with pytest.raises(StepFailed, match="gave up waiting until func-courier shows the function"):
        connect(azure, "rg", INFRA / "events.bicep", waited.patience())
    assert not any(question.startswith("deployment group create") for question in azure.asked)


def test_the_key_of_the_webhook_is_never_fetched() -> None:
    azure = _azure()
    connect(azure, "rg", INFRA / "events.bicep", Waited().patience())
    (question,) = [question for question in azure.asked if "keys list" in question]
    assert question.endswith("--query contains(keys(systemKeys), 'blobs_extension')")


def test_a_group_without_a_deployment_is_told_so() -> None:
    with pytest.raises(StepFailed, match=r"no deployment of main\.bicep in rg"):
        outputs(_azure(deployment_group_list=[]), "rg")


def test_outputs_that_the_steps_need_are_outputs_of_main(templates: dict[str, Template]) -> None:
    assert {name.upper() for name in OUTPUTS} <= set(templates["main.bicep"].outputs)


def test_events_ring_for_the_blob_trigger_of_the_app(templates: dict[str, Template]) -> None:
    ringing = [name for name, trigger in triggers().items() if trigger.get("source") == "EventGrid"]
    assert ringing == [FUNCTION] == [templates["events.bicep"].parameters["functionName"].value]


def test_smoke_is_content_with_what_this_checkout_describes() -> None:
    assert len(smoke(_azure(), "rg", SANDBOX, ROOT)) == 5


def test_smoke_asks_the_app_to_check_its_own_set_up_where_its_page_can_be_signed_in_to() -> None:
    named = {**OUTPUTS, "apP_HOST": "func-courier.azurewebsites.net", "pagE_CLIENT_ID": "c1"}
    deployed = [{"at": "2026-11-02", "outputs": {name: {"value": value} for name, value in named.items()}}]
    seen = [{"what": "sign-in", "verdict": "ok", "said": "signed in"}]
    azure = _azure(deployment_group_list=deployed, rest=seen)
    assert "ok: sign-in: signed in" in smoke(azure, "rg", SANDBOX, ROOT)
    assert any("https://func-courier.azurewebsites.net/api/v1/check --resource c1" in asked for asked in azure.asked)
    seen.append({"what": "activity 1", "verdict": "mend", "said": "F&O takes the app and this job does not (401)"})
    assert any(line.startswith("mend: activity 1: F&O takes the app") for line in smoke(azure, "rg", SANDBOX, ROOT))


@pytest.mark.parametrize(
    ("said", "fails"),
    [("Forbidden({})", False), ("AADSTS65001: no consent", False), ("Internal Server Error({})", True)],
)
def test_smoke_fails_on_an_app_that_cannot_check_and_not_on_who_may_not_ask(said: str, fails: bool) -> None:
    named = {**OUTPUTS, "apP_HOST": "func-courier.azurewebsites.net", "pagE_CLIENT_ID": "c1"}
    deployed = [{"at": "2026-11-02", "outputs": {name: {"value": value} for name, value in named.items()}}]

    def refused(_: object) -> object:
        raise AzureRefused(f"az rest: {said}")

    azure = _azure(deployment_group_list=deployed, rest=refused)
    if fails:
        with pytest.raises(StepFailed, match="Internal Server Error"):
            smoke(azure, "rg", SANDBOX, ROOT)
    else:
        assert "not asked" in smoke(azure, "rg", SANDBOX, ROOT)[-1]


def test_smoke_names_everything_that_is_wrong_at_once() -> None:
    azure = _azure(functionapp_function_list=["a/poll_jobs"], functionapp_show="Stopped")
    with pytest.raises(StepFailed, match=r"(?s)state of the app: 'Stopped'.*its functions: \['poll_jobs'\]"):
        smoke(azure, "rg", SANDBOX, ROOT)


def test_the_functions_read_from_the_source_are_those_that_the_host_sees() -> None:
    assert functions_of(ROOT / "function_app.py") == sorted(triggers())


def test_the_package_holds_what_runs_and_nothing_else(tmp_path: Path) -> None:
    built = build(ROOT, tmp_path / "package.zip")
    tops = {member.split("/")[0] for member in built.members}
    assert tops == {"feeds.yaml", "function_app.py", "host.json", "requirements.txt", "shared"}
    assert built.size_bytes < 1_000_000
    assert seconds_to_import(built.path) > 0


def test_the_same_files_make_the_same_package(tmp_path: Path) -> None:
    first, second = build(ROOT, tmp_path / "one.zip"), build(ROOT, tmp_path / "two.zip")
    assert first.path.read_bytes() == second.path.read_bytes()
    with zipfile.ZipFile(first.path) as packed:
        assert packed.testzip() is None


def test_a_funcignore_that_would_be_misread_is_refused(checkout: Path) -> None:
    (checkout / ".funcignore").write_text("tests\ndocs/*.md\n", encoding="utf-8")
    with pytest.raises(StepFailed, match=r"docs/\*\.md: only names are understood"):
        build(checkout, checkout / "package.zip")


def test_the_answer_of_az_is_parsed_and_its_refusal_told(tmp_path: Path) -> None:
    program = tmp_path / "az.py"
    program.write_text(
        "import json, sys\n"
        "if 'bad' in sys.argv: sys.exit('ERROR: (ResourceNotFound) no such thing')\n"
        "print(json.dumps(sys.argv[1:]))\n",
        encoding="utf-8",
    )
    az = AzureCli([sys.executable, str(program)])
    assert az("group", "show") == ["group", "show", "--output", "json"]
    elsewhere = AzureCli([sys.executable, str(program)], subscription="s1")
    assert elsewhere("group", "show") == ["group", "show", "--subscription", "s1", "--output", "json"]
    with pytest.raises(AzureRefused, match=r"az bad: ERROR: \(ResourceNotFound\) no such thing"):
        az("bad")


def test_the_tags_of_the_guard_are_those_that_the_templates_write(templates: dict[str, Template]) -> None:
    assert templates["main.bicep"].variables["tags"] == {TAG: "environmentName"}
    assert f"'{ERP_TAG}': erp.baseUrl" in templates["modules/app.bicep"].path.read_text(encoding="utf-8")


def test_azd_runs_the_guard_before_and_the_events_after(templates: dict[str, Template]) -> None:
    import yaml

    project = yaml.safe_load((ROOT / "azure.yaml").read_text(encoding="utf-8"))
    assert project["infra"] == {"provider": "bicep", "path": "infra", "module": "main"}
    for system in ("posix", "windows"):
        assert "local.delivery guard" in project["hooks"]["preprovision"][system]["run"]
        assert "local.delivery events" in project["hooks"]["postdeploy"][system]["run"]
    (service,) = project["services"]
    assert f"'azd-service-name': '{service}'" in templates["modules/app.bicep"].path.read_text(encoding="utf-8")
    assert json.loads((INFRA / "main.parameters.json").read_text(encoding="utf-8"))["parameters"]
