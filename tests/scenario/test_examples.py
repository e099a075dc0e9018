"""The worked examples of docs/examples, run from the very files that a reader copies."""

from __future__ import annotations

import io
import re
import shlex
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from local.samples.package import Member, package
from shared.courier.__main__ import main
from shared.domain.job import JobState
from tests.scenario.conftest import EXPORT_ACTIVITY, PACKAGE_ACTIVITY, Stage

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
NAMES = sorted(path.parent.name for path in EXAMPLES.glob("*/README.md"))
JOURNALS_ACTIVITY = "44444444-4444-4444-8444-444444444444"
CUSTOMERS_ACTIVITY = "55555555-5555-4555-8555-555555555555"
_OF_ONE_RUN = (
    (r"\.\d{8}\.[a-z2-7]+", ".DAY.ID"),
    (r"\d{4}/\d\d/\d\d", "Y/M/D"),
    (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d", "TIME"),
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "GUID"),
    (r"[0-9A-F]{32}", "GUID"),
)
ACTIVITIES = {
    "CUSTOMER_GROUPS_ACTIVITY_ID": PACKAGE_ACTIVITY,
    "CUSTOMERS_ACTIVITY_ID": CUSTOMERS_ACTIVITY,
    "JOURNALS_ACTIVITY_ID": JOURNALS_ACTIVITY,
    "CUSTOMER_GROUPS_EXPORT_ACTIVITY_ID": EXPORT_ACTIVITY,
}


def _set_up(stage: Stage, name: str) -> Path:
    """The example's feeds file in the stage's place, for its environment; the folder of the example."""
    text = (EXAMPLES / name / "feeds.yaml").read_text(encoding="utf-8")
    stage.environ |= ACTIVITIES
    Path(stage.environ["FEEDS_FILE"]).write_text(text.replace("environment: sandbox", "environment: local"))
    return EXAMPLES / name


def _zipped(folder: Path) -> bytes:
    """A folder as a zip, its files at the root."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, path.name)
    return made.getvalue()


def _transcript(name: str) -> list[tuple[list[str], str]]:
    """Each command of the page that has its output below it, with that output."""
    page = (EXAMPLES / name / "README.md").read_text(encoding="utf-8")
    steps = re.findall(r"^    python -m shared\.courier ([^\n]+)\n\n```\n(.*?)```", page, re.MULTILINE | re.DOTALL)
    return [(shlex.split(command), shown) for command, shown in steps]


def _places(name: str) -> list[str]:
    """The paths that the page says things lie at, IDs and dates masked."""
    page = (EXAMPLES / name / "README.md").read_text(encoding="utf-8")
    [block] = re.findall(r" lie\n\n```\n(.*?)```", page, re.DOTALL)
    return sorted(_placed(re.split(r" {2,}", line)[0]) for line in block.splitlines())


def _placed(path: str) -> str:
    """A path, with what one run gives it masked."""
    path = re.sub(r"date=\d{4}-\d\d-\d\d", "date=DAY", path)
    return re.sub(r"[a-z-]+\.\d{8}\.[a-z2-7]{16}|[0-9a-f-]{36}-[0-9a-f]{12}|JOB_ID|EXPORT_ID", "ID", path)


def _lying(stage: Stage, *kinds: str) -> list[str]:
    """What lies in containers, as a page writes it."""
    names = {kind: stage.blobs.get_container_client(getattr(stage, kind)).list_blob_names() for kind in kinds}
    return sorted(_placed(f"{kind}/{name}") for kind, found in names.items() for name in found)


def _masked(text: str) -> list[str]:
    """The lines without IDs and times, which differ from run to run in their letters and never in their length."""
    for pattern, put in _OF_ONE_RUN:
        text = re.sub(pattern, put, text)
    return [line.rstrip() for line in text.splitlines()]


def _tells(
    stage: Stage, capsys: pytest.CaptureFixture[str], step: tuple[list[str], str], own: dict[str, str] | None = None
) -> None:
    """Run a step's command, its placeholders replaced by `own`: it prints the lines that the page shows.

    Their order is left open: storage tells times of landing in whole seconds, and files of one second have none.
    """
    command, shown = step
    assert main([(own or {}).get(word, word) for word in command], lambda: stage.engine) == 0
    printed = capsys.readouterr().out.replace(stage.archive, "archive")
    assert sorted(_masked(printed)) == sorted(_masked(shown))


@pytest.mark.parametrize("name", NAMES)
def test_a_page_shows_the_feeds_file_that_is_run(name: str) -> None:
    page = (EXAMPLES / name / "README.md").read_text(encoding="utf-8")
    shown = re.search(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert shown
    assert shown[1] == (EXAMPLES / name / "feeds.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_every_command_of_a_page_that_asks_is_run(name: str) -> None:
    page = (EXAMPLES / name / "README.md").read_text(encoding="utf-8")
    assert len(_transcript(name)) == len(re.findall(r"^    python -m shared\.courier ", page, re.MULTILINE)) > 0


def test_every_example_has_a_page_and_is_listed() -> None:
    assert sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir()) == NAMES
    listed = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert [name for name in NAMES if f"]({name}/README.md)" not in listed] == []


def test_csv_upsert(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    folder = _set_up(stage, "csv-upsert")
    template = Path(stage.environ["FEEDS_FILE"]).parent / "customer-groups.zip"
    template.write_bytes(_zipped(folder / "template"))
    stage.engine = stage.another_host()
    landed = stage.drop("customer-groups/USMF/groups-2026-11-14.csv", (folder / "groups-2026-11-14.csv").read_bytes())
    stage.run_to_the_end()
    assert (stage.job(landed).state, stage.job(landed).rows.rows_ok) == (JobState.SUCCEEDED, 3)  # type: ignore[union-attr]
    assert _lying(stage, "landing", "archive", "outcomes") == _places("csv-upsert")
    again = stage.drop(
        "customer-groups/USMF/groups-2026-11-14 (1).csv", (folder / "groups-2026-11-14.csv").read_bytes()
    )
    stage.run_to_the_end()
    assert stage.job(again).state is JobState.SKIPPED
    assert len(stage.world.messages) == 1
    [jobs] = _transcript("csv-upsert")
    _tells(stage, capsys, jobs)


def test_package_in_order(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    folder = _set_up(stage, "package-in-order")
    stage.world.add_import_job(CUSTOMERS_ACTIVITY, "Customers import", "package")
    stage.engine = stage.another_host()
    landed = stage.drop("customers/USMF/customers-2026-11-14.zip", _zipped(folder / "package"))
    stage.run_to_the_end()
    job = stage.job(landed)
    assert (job.state, [each.entity for each in job.entities]) == (
        JobState.SUCCEEDED,
        ["Customer groups", "Customers V3"],
    )
    [show] = _transcript("package-in-order")
    _tells(stage, capsys, show, {"JOB_ID": job.job_id})


def test_ordered_journals(stage: Stage, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "ada")
    folder = _set_up(stage, "ordered-journals")
    stage.world.add_import_job(JOURNALS_ACTIVITY, "General journals import", entity="General journal", ordered=True)
    stage.engine = stage.another_host()
    for name in ("journal-1001.csv", "journal-1002.csv"):
        stage.drop(f"journals/USMF/{name}", (folder / name).read_bytes())
        stage.pass_time(timedelta(minutes=1))
    for _ in range(8):
        stage.world.recurrence_tick()
        stage.tick(timedelta(minutes=5))
    first, second = stage.job("journals/USMF/journal-1001.csv"), stage.job("journals/USMF/journal-1002.csv")
    assert (first.state, second.state) == (JobState.PARTIAL, JobState.WAITING)
    assert second.reason.startswith("held: journal-1001.csv before it ended PARTIAL; a person releases it")
    own = {"2026-11-14": f"{first.business_date}", "JOB_ID_OF_1001": first.job_id}
    held, release, loaded = _transcript("ordered-journals")
    _tells(stage, capsys, held, own)
    _tells(stage, capsys, release, own)
    stage.run_to_the_end()
    assert stage.job("journals/USMF/journal-1002.csv").state is JobState.SUCCEEDED
    _tells(stage, capsys, loaded, own)


def test_export_to_lake(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    _set_up(stage, "export-to-lake")
    stage.engine = stage.another_host()
    rows = b"CUSTOMERGROUPID,DESCRIPTION\r\n40,Wholesale\r\n50,Retail\r\n"
    stage.world.export(
        EXPORT_ACTIVITY, package("Customer groups export", [Member(entity="Customer groups", content=rows)])
    )
    stage.engine.drain_exports()
    lake = stage.blobs.get_container_client(stage.lake)
    assert _lying(stage, "lake") == [f"lake/{place}" for place in _places("export-to-lake")]
    [data] = [name for name in lake.list_blob_names() if name.endswith("Customer groups.csv")]
    assert lake.download_blob(data).readall() == rows
    assert [message.state for message in stage.world.exports] == ["acknowledged"]
    [exports] = _transcript("export-to-lake")
    _tells(stage, capsys, exports)
