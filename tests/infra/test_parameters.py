"""Each parameters file fits main.bicep, and gives every setting that feeds.yaml names."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.bicep.template import Template
from tests.infra.conftest import INFRA, ROOT

FILES = [INFRA / "main.parameters.json", *sorted((INFRA / "environments").glob("*.json"))]
each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)


def _given(path: Path) -> dict[str, Any]:
    parameters = json.loads(path.read_text(encoding="utf-8"))["parameters"]
    return {name: item["value"] for name, item in parameters.items()}


@each_file
def test_a_parameters_file_gives_what_main_needs_and_nothing_unknown(
    templates: dict[str, Template], path: Path
) -> None:
    asked = templates["main.bicep"].parameters
    needed = {name for name, item in asked.items() if not item.has_value}
    assert needed <= set(_given(path)) <= set(asked)


@each_file
def test_a_parameters_file_gives_every_setting_that_the_feeds_name(path: Path) -> None:
    given = _given(path).get("settings", {})
    feeds = (ROOT / given.get("FEEDS_FILE", "feeds.yaml")).read_text(encoding="utf-8")
    assert set(re.findall(r"%(\w+)%", feeds)) <= set(given)


@each_file
def test_a_setting_that_a_parameters_file_changes_is_one_that_exists(path: Path) -> None:
    given = _given(path).get("settings", {})
    feeds = (ROOT / given.get("FEEDS_FILE", "feeds.yaml")).read_text(encoding="utf-8")
    engine = json.loads((INFRA / "engine.settings.json").read_text(encoding="utf-8"))
    assert set(given) <= set(engine) | set(re.findall(r"%(\w+)%", feeds))


@each_file
def test_no_parameters_file_holds_a_secret(path: Path) -> None:
    assert not re.search(r"(?i)secret|password|AccountKey|sig=", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", FILES[1:], ids=lambda path: path.name)
def test_an_environments_file_is_named_for_it_and_fits_its_feeds(path: Path) -> None:
    given = _given(path)
    feeds = yaml.safe_load((ROOT / given["settings"].get("FEEDS_FILE", "feeds.yaml")).read_text(encoding="utf-8"))
    assert path.name == f"{given['environmentName']}.parameters.json"
    assert feeds["environment"] == given["environmentName"]


def test_every_variable_that_azd_fills_in_is_explained() -> None:
    page = (ROOT / "docs/deploy.md").read_text(encoding="utf-8")
    variables = set(re.findall(r"\$\{(\w+)\}", FILES[0].read_text(encoding="utf-8")))
    assert {name for name in variables if f"azd env set {name}" not in page} == set()
