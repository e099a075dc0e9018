"""The pipeline: of the right shape, without the usual holes, and in the order that a deployment needs."""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.infra.conftest import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
each_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)


def _read(path: Path) -> dict[str, Any]:
    # BaseLoader leaves the key `on` a word; YAML 1.1 would make it true.
    found: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    return found


def _run(*command: str) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@each_workflow
def test_a_workflow_has_the_shape_that_github_reads(path: Path) -> None:
    _run(sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(path))


@each_workflow
def test_a_step_fails_with_the_first_command_of_a_pipe_that_does(path: Path) -> None:
    """GitHub runs bash with pipefail only where it is named."""
    assert _read(path)["defaults"]["run"]["shell"] == "bash"


@each_workflow
def test_the_auditor_finds_no_hole(path: Path) -> None:
    program = Path(sysconfig.get_path("scripts")) / "zizmor"
    _run(str(program), "--offline", "--no-progress", "--persona=pedantic", str(path))


@each_workflow
def test_every_action_is_pinned_to_a_commit_with_its_version_beside(path: Path) -> None:
    used = re.findall(r"uses: (.+)", path.read_text(encoding="utf-8"))
    assert used
    assert [line for line in used if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)] == []


@each_workflow
def test_no_job_may_more_than_it_says(path: Path) -> None:
    workflow = _read(path)
    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        assert "write" not in {may for what, may in job["permissions"].items() if what != "id-token"}, name


@pytest.fixture(scope="module")
def jobs() -> dict[str, Any]:
    found: dict[str, Any] = _read(ROOT / ".github/workflows/deploy.yml")["jobs"]
    return found


def _commands(job: dict[str, Any]) -> str:
    return "\n".join(step.get("run", "") for step in job["steps"])


def test_nothing_is_deployed_before_it_is_checked_and_previewed(jobs: dict[str, Any]) -> None:
    assert jobs["deploy"]["needs"] == ["check", "preview"]
    assert jobs["preview"]["needs"] == "check"
    assert "dev.py check" in _commands(jobs["check"])


def test_main_comes_before_the_code_and_the_code_before_the_events(jobs: dict[str, Any]) -> None:
    order = ["delivery guard", "--template-file infra/main.bicep", "config-zip", "delivery events", "delivery smoke"]
    found = [_commands(jobs["deploy"]).find(part) for part in order]
    assert -1 not in found
    assert found == sorted(found)


@pytest.mark.parametrize("name", ["preview", "deploy", "rollback"])
def test_every_job_that_signs_in_to_azure_refuses_a_wrong_target_first(jobs: dict[str, Any], name: str) -> None:
    steps = jobs[name]["steps"]
    (sign_in,) = [place for place, step in enumerate(steps) if "azure/login" in step.get("uses", "")]
    assert "local.delivery guard" in steps[sign_in + 1]["run"]


def test_a_deployment_that_fails_after_its_code_was_sent_goes_back_to_what_last_passed(jobs: dict[str, Any]) -> None:
    kept = [step["with"]["name"] for step in jobs["deploy"]["steps"] if "upload-artifact" in step.get("uses", "")]
    assert kept == [jobs["rollback"]["env"]["GOOD"]]
    (code,) = [step for step in jobs["deploy"]["steps"] if "config-zip" in step.get("run", "")]
    assert jobs["deploy"]["outputs"] == {"code": f"${{{{ steps.{code['id']}.outcome }}}}"}
    assert "needs.deploy.outputs.code" in jobs["rollback"]["if"]
    assert "config-zip" in _commands(jobs["rollback"])


def test_the_pipeline_holds_no_secret(jobs: dict[str, Any]) -> None:
    text = (ROOT / ".github/workflows/deploy.yml").read_text(encoding="utf-8")
    assert "secrets." not in text
    assert jobs["deploy"]["permissions"]["id-token"] == "write"


def test_the_pipeline_runs_the_python_of_production(jobs: dict[str, Any]) -> None:
    import dev

    workflow = _read(ROOT / ".github/workflows/deploy.yml")
    assert workflow["env"]["PYTHON_VERSION"] == ".".join(map(str, dev.PRODUCTION))
