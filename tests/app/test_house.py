"""The house itself: what may be imported, what the docs must list, and that the table and its picture agree."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from local.monitoring.emitted import emitted
from shared.domain.job import TRANSITIONS, JobState
from shared.telemetry import METRICS, Event

ROOT = Path(__file__).parents[2]


def _read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def test_function_app_imports_with_an_empty_environment_and_names_its_triggers() -> None:
    code = (
        "import json, function_app as f; found = {g.get_function_name(): g.get_trigger().get_dict_repr() "
        "for g in f.app.get_functions()}; print(json.dumps(found, default=str))"
    )
    kept = {name: os.environ[name] for name in ("SYSTEMROOT", "PATH") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=kept, capture_output=True, text=True, check=True, timeout=60
    )
    found = json.loads(done.stdout.strip().splitlines()[-1])
    assert set(found) == {"on_file_landed", "poll_jobs", "drain_exports", "watch_promises", "board", "api"}
    assert found["on_file_landed"]["path"] == "%LANDING_CONTAINER%/{name}"
    assert found["on_file_landed"]["connection"] == "FILES"
    assert found["on_file_landed"]["source"] == "EventGrid"
    assert found["poll_jobs"]["schedule"] == "%POLL_SCHEDULE%"


def test_importing_function_app_loads_nothing_of_the_engine() -> None:
    code = "import sys, function_app; print([m for m in sys.modules if m.startswith('shared')])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


#: The package of the exporter and what it brings: loaded where telemetry has an address (shared/wiring.py).
_WHERE_TOLD_TO = ("azure.monitor", "opentelemetry", "msrest", "psutil", "requests_oauthlib")


def _loaded_by(code: str) -> set[str]:
    told = f"import sys\n{code}\nprint(' '.join(name for name in sys.modules if sys.modules[name]))"
    done = subprocess.run(
        [sys.executable, "-c", told], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    return set(done.stdout.split())


def test_importing_function_app_loads_what_its_two_packages_load_and_nothing_more() -> None:
    packages = _loaded_by("import asyncio, azure.functions\nfrom azurefunctions.extensions.bindings import blob")
    assert _loaded_by("import function_app") - packages == {"function_app"}


def test_the_first_call_loads_no_package_that_only_some_installations_use() -> None:
    found = _loaded_by("import shared.wiring") - _loaded_by("import azure.functions")
    assert {name for name in found if name.startswith(_WHERE_TOLD_TO)} == set()
    assert not {name for name in found if name.startswith("local")}


def _settings_in_code() -> set[str]:
    text = _read("shared/settings.py")
    named = set(
        re.findall(r'"((?:D365|LANDING|ARCHIVE|REJECTED|OUTCOMES|LEDGER|LAKE|FEEDS|POLL|SWEEP|TICK)_[A-Z_0-9]+)"', text)
    )
    named |= {f"{name}__{part}" for name, part in re.findall(r'_storage\(reader, "(\w+)", "(\w+)"\)', text)}
    named |= set(re.findall(r'"(BOARD_[A-Z_]+)"', _read("shared/web/principal.py")))
    named |= {"FILES", "LEDGER", "LAKE", "FILES__clientId", "LEDGER__clientId", "LAKE__clientId"}
    return named | set(re.findall(r"%([A-Z_]+)%", _read("function_app.py"))) - {"SETTING"}


def test_every_setting_that_the_code_reads_is_documented_and_no_other() -> None:
    documented = set(re.findall(r"^\| `([A-Za-z0-9_]+)` \|", _read("docs/settings.md"), re.MULTILINE))
    of_the_host = ("AzureWebJobsStorage__", "APPLICATIONINSIGHTS_", "PYTHON_", "WEBSITE_")
    read_by_the_host_alone = {name for name in documented if name.startswith(of_the_host)}
    read_by_the_host_alone |= {"FILES__queueServiceUri", "FILES__credential"}
    assert documented - read_by_the_host_alone == _settings_in_code()


def test_every_event_is_explained_on_the_operations_page() -> None:
    listed = set(re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \|", _read("docs/operations.md"), re.MULTILINE))
    assert listed == {event.value for event in Event}


def test_every_measure_is_explained_on_the_operations_page() -> None:
    rows = re.findall(
        r"^\| `(courier\.[a-z.]+)` \| (\w+) \| `([^`]+)` \| ([^|]+) \| ([^|]+) \| `([a-z._]+)`(?: `(\w+)`)? \|",
        _read("docs/operations.md"),
        re.MULTILINE,
    )
    assert set(rows) == {(m.name, m.kind, m.unit, m.meaning, ", ".join(m.by), m.event, m.field) for m in METRICS}


GAUGES = [Event.LEDGER_GAUGE, Event.EXPORT_GAUGE, Event.TICK_DONE]


def _explained_of_gauges() -> dict[str, set[str]]:
    """Event -> the fields that the page's table of gauges explains."""
    page = _read("docs/operations.md")
    rows = re.findall(r"^\| (?:`([a-z.]+)`)? ?\| `(\w+)` \| ([^|]+) \| [^|]+ \|$", page, re.MULTILINE)
    explained: dict[str, set[str]] = {}
    current = ""
    for name, field, _ in rows:
        current = name or current
        explained.setdefault(current, set()).add(field)
    return explained


@pytest.mark.parametrize("event", GAUGES)
def test_every_field_of_a_gauge_is_explained_with_its_unit(event: Event) -> None:
    explained = _explained_of_gauges()
    assert explained[event] | {"feed", "tick"} == emitted()[event] | {"feed", "tick"}


def test_every_field_that_the_code_gives_is_explained_once_with_its_unit_and_no_other() -> None:
    page = _read("docs/operations.md")
    plain = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| ([^|]+) \| [^|]+ \|$", page, re.MULTILINE)
    explained = [name for cell, _ in plain for name in re.findall(r"`(\w+)`", cell)]
    gauges = set().union(*(_explained_of_gauges()[event] for event in GAUGES))
    assert len(explained) == len(set(explained))
    given = set().union(*emitted().values())
    assert set(explained) | gauges == given
    shared = set(explained) & gauges
    assert all(any(name in emitted()[event] for event in set(emitted()) - set(GAUGES)) for name in shared)


def test_every_measure_is_taken_from_fields_that_the_code_gives() -> None:
    for metric in METRICS:
        fields = {metric.field, *metric.by} - {"", "reason"}
        assert fields <= emitted()[metric.event], metric.name


def test_telemetry_is_loaded_only_where_an_address_for_it_is_set() -> None:
    code = (
        "import sys, shared.wiring; print([m for m in sys.modules if m.startswith(('opentelemetry', 'azure.monitor'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


def test_the_life_cycle_page_draws_the_table_in_the_code() -> None:
    drawn = set(re.findall(r"^    (\w+) --> (\w+)", _read("docs/lifecycle.md"), re.MULTILINE))
    assert drawn == {(frm.value, to.value) for frm, leads_to in TRANSITIONS.items() for to in leads_to}
    for state in JobState:
        assert f"| `{state}` |" in _read("docs/lifecycle.md")


def test_host_json_bounds_a_run_below_the_time_after_which_a_sender_counts_as_gone() -> None:
    from shared.services.submission import SENDER_GONE_AFTER

    hours, minutes, seconds = map(int, json.loads(_read("host.json"))["functionTimeout"].split(":"))
    assert hours * 3600 + minutes * 60 + seconds < SENDER_GONE_AFTER.total_seconds()


@pytest.mark.parametrize("line", [line for line in _read("requirements.txt").splitlines() if line[:1].isalpha()])
def test_what_runs_in_azure_is_pinned_exactly(line: str) -> None:
    assert re.match(r"^[A-Za-z0-9._-]+==[\w.]+", line)


def test_the_wire_is_spelled_in_one_module_only() -> None:
    spelled = re.compile(r"/api/connector|DataJobState|dyn-externalidentifier|GetMessageStatus\b.*\(|ExecutionDetail")
    found = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "shared").rglob("*.py")
        if spelled.search(re.sub(r'""".*?"""', "", path.read_text(encoding="utf-8"), flags=re.DOTALL))
    }
    assert found == {"shared/adapters/d365/wire.py"}
