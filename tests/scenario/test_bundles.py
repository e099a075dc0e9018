"""A feed with bundles: files that belong together are collected, and go as one package when the last has landed."""

from __future__ import annotations

import io
import itertools
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from local.samples.package import Member, package
from shared.adapters.tables.ledger_rows import job_key
from shared.domain.job import Job, JobState
from shared.errors import Conflict
from shared.wiring import Doors, Engine, _open_doors, assemble
from tests.scenario.conftest import PACKAGE_ACTIVITY, Stage
from tests.scenario.dying import Killed, Reaper, ReaperAt

GROUPS = Member(entity="Customer groups", content=b"CUSTOMERGROUPID,DESCRIPTION\r\n")
CUSTOMERS = Member(entity="Customers V3", content=b"CUSTOMERACCOUNT,ORGANIZATIONNAME,CUSTOMERGROUPID\r\n")
FEED = f"""\
  orders:
    shape: file
    template: templates/orders.zip
    bundle:
      members:
        - {{name: "groups-{{key}}.csv", entity: Customer groups, unit: 1, level: 1, sequence: 1}}
        - {{name: "customers-{{key}}.csv", entity: Customers V3, unit: 1, level: 2, sequence: 1}}
      wait: 2h
    activity_id: {PACKAGE_ACTIVITY}
    companies: [USMF, DEMF]
exports:
"""
KEY = "2026-11-14_7"
HOUR = timedelta(hours=1)
NEVER = 1_000_000


def _groups(key: str = KEY, company: str = "USMF") -> tuple[str, bytes]:
    return f"orders/{company}/groups-{key}.csv", GROUPS.content + f"{key[-8:]},Wholesale\r\n".encode()


def _customers(key: str = KEY, company: str = "USMF") -> tuple[str, bytes]:
    return f"orders/{company}/customers-{key}.csv", CUSTOMERS.content + f"C{key[-8:]},Contoso,{key[-8:]}\r\n".encode()


@pytest.fixture
def bundles(stage: Stage) -> Stage:
    """A stage with a feed `orders`, whose bundles are groups and customers."""
    folder = Path(stage.environ["FEEDS_FILE"]).parent / "templates"
    folder.mkdir()
    (folder / "orders.zip").write_bytes(package("Orders import", [GROUPS, CUSTOMERS]))
    stage.edit_feeds("exports:\n", FEED)
    stage.engine = stage.another_host()
    return stage


def _with_marker(stage: Stage) -> None:
    stage.edit_feeds("      wait: 2h\n", '      wait: 2h\n      done: "{key}.done"\n')
    stage.engine = stage.another_host()


def _bundle(stage: Stage) -> Job:
    [job] = stage.jobs()
    return job


def _members_sent(stage: Stage) -> list[dict[str, bytes]]:
    """Data files by name, of each package that F&O has taken."""
    sent = []
    for message in stage.world.messages.values():
        with zipfile.ZipFile(io.BytesIO(message.body)) as made:
            sent.append({name: made.read(name) for name in made.namelist() if name.endswith(".csv")})
    return sent


@pytest.mark.parametrize("order", list(itertools.permutations([0, 1, 2])))
def test_in_whatever_order_they_land_one_package_is_sent_and_loads_parents_first(
    bundles: Stage, order: tuple[int, ...]
) -> None:
    _with_marker(bundles)
    landing = [_groups(), _customers(), (f"orders/USMF/{KEY}.done", b"")]
    for number in order[:2]:
        bundles.drop(*landing[number])
        assert _bundle(bundles).state is JobState.COLLECTING
        assert bundles.world.messages == {}
    bundles.drop(*landing[order[2]])
    bundles.run_to_the_end()
    job = _bundle(bundles)
    assert job.state is JobState.SUCCEEDED, job.reason
    assert job.rows is not None
    assert (job.rows.rows_in, job.rows.rows_ok) == (2, 2)
    names = [path.rpartition("/")[2] for path, _ in landing[:2]]
    assert _members_sent(bundles) == [dict(zip(names, (content for _, content in landing[:2]), strict=True))]
    assert bundles.in_landing() == []


def test_the_same_files_give_the_same_bytes_in_whatever_order_they_land(bundles: Stage) -> None:
    for files in (["USMF", _groups, _customers], ["DEMF", _customers, _groups]):
        company, *makers = files
        for make in makers:
            bundles.drop(*make(company=company))  # type: ignore[operator]  # the list begins with a text
    first, second = bundles.world.messages.values()
    assert first.content_sha256 == second.content_sha256


def test_the_members_rest_in_one_folder_and_each_sender_learns_the_end(bundles: Stage) -> None:
    bundles.drop(*_groups())
    bundles.drop(*_customers())
    bundles.run_to_the_end()
    job = _bundle(bundles)
    record = bundles.archived(job)
    assert [member["name"] for member in record["members"]] == [f"groups-{KEY}.csv", f"customers-{KEY}.csv"]
    for path, content in (_groups(), _customers()):
        name = path.rpartition("/")[2]
        assert bundles.archived(job, name) == content
        outcome = bundles.outcome(f"{path}.json")
        assert (outcome["outcome"], outcome["job_id"], outcome["file"]) == ("SUCCEEDED", job.job_id, path)
        assert outcome["sha256"] == next(m["sha256"] for m in record["members"] if m["name"] == name)
    assert record["package"]["sha256"] == job.sha256
    assert bundles.in_landing() == []


def test_a_waiting_bundle_says_what_it_waits_for(bundles: Stage) -> None:
    bundles.drop(*_groups())
    job = _bundle(bundles)
    assert (job.state, job.reason) == (
        JobState.COLLECTING,
        f"groups-{KEY}.csv landed; waiting for customers-{KEY}.csv",
    )
    assert job.due_at == job.created_at + 2 * HOUR
    bundles.tick(HOUR)
    assert _bundle(bundles) == job


@pytest.mark.parametrize("marker", [False, True])
def test_a_missing_member_is_told_by_name_when_the_time_is_over(bundles: Stage, marker: bool) -> None:
    if marker:
        _with_marker(bundles)
        bundles.drop(f"orders/USMF/{KEY}.done", b"")
    path, content = _customers()
    bundles.drop(path, content)
    bundles.tick(2 * HOUR - timedelta(seconds=1))
    assert _bundle(bundles).state is JobState.COLLECTING
    bundles.tick(timedelta(seconds=1))
    job = _bundle(bundles)
    assert job.state is JobState.REJECTED
    assert [(finding.rule, finding.seen) for finding in job.findings] == [("bundle-incomplete", f"groups-{KEY}.csv")]
    assert bundles.outcome(f"{path}.json")["findings"][0]["value_seen"] == f"groups-{KEY}.csv"
    assert bundles.archived(job, path.rpartition("/")[2]) == content
    assert bundles.in_landing() == []
    assert bundles.world.messages == {}


def test_all_that_is_missing_is_named(bundles: Stage) -> None:
    _with_marker(bundles)
    bundles.drop(*_groups())
    bundles.tick(2 * HOUR)
    assert [finding.seen for finding in _bundle(bundles).findings] == [f"customers-{KEY}.csv", f"{KEY}.done"]


def test_after_a_bundle_has_ended_the_same_key_makes_the_next_one(bundles: Stage) -> None:
    for _ in range(3):
        bundles.drop(*_groups())
        bundles.drop(*_customers())
        bundles.run_to_the_end()
    assert [job.state for job in bundles.jobs()] == [JobState.SUCCEEDED] * 3
    assert len(bundles.world.messages) == 3


def test_bundles_of_several_keys_and_companies_do_not_mix(bundles: Stage) -> None:
    for key, company in itertools.product(["1", "2"], ["USMF", "DEMF"]):
        bundles.drop(*_groups(key, company))
    for key, company in itertools.product(["2", "1"], ["DEMF", "USMF"]):
        bundles.drop(*_customers(key, company))
    bundles.run_to_the_end()
    assert [job.state for job in bundles.jobs()] == [JobState.SUCCEEDED] * 4
    for members in _members_sent(bundles):
        assert len({name.removesuffix(".csv").rpartition("-")[2] for name in members}) == 1
        assert len(members) == 2


def test_files_without_an_event_are_found_by_the_sweep_and_complete_the_bundle(bundles: Stage) -> None:
    bundles.drop(*_groups(), event=False)
    bundles.drop(*_customers(), event=False)
    bundles.run_to_the_end(step=timedelta(minutes=6))
    assert _bundle(bundles).state is JobState.SUCCEEDED
    assert len(bundles.world.messages) == 1


def test_a_member_written_again_before_the_bundle_is_complete_takes_the_place_of_the_old_one(bundles: Stage) -> None:
    path, content = _groups()
    bundles.drop(path, content)
    bundles.drop(path, content + b"X2,Retail\r\n")
    bundles.drop(*_customers())
    bundles.run_to_the_end()
    assert _bundle(bundles).state is JobState.SUCCEEDED
    assert _members_sent(bundles)[0][f"groups-{KEY}.csv"] == content + b"X2,Retail\r\n"


def test_a_member_overwritten_after_that_is_told_and_the_bundle_is_not_sent(bundles: Stage) -> None:
    bundles.world.faults.add("enqueue", "throttle")
    bundles.drop(*_groups())
    bundles.drop(*_customers())
    assert _bundle(bundles).state is JobState.WAITING
    bundles.drop(_groups()[0], GROUPS.content + b"99,New\r\n")
    bundles.tick(HOUR)
    bundles.tick(2 * HOUR)
    assert sorted(finding.rule for job in bundles.jobs() for finding in job.findings) == [
        "bundle-incomplete",
        "overwritten",
    ]
    assert bundles.world.messages == {}
    assert bundles.in_landing() == []


@pytest.mark.parametrize(
    ("path", "content", "rule", "seen"),
    [
        (f"orders/USMF/vendors-{KEY}.csv", b"A\r\n1\r\n", "not-in-bundle", f"vendors-{KEY}.csv"),
        (f"orders/ZZZZ/groups-{KEY}.csv", b"A\r\n1\r\n", "company", "ZZZZ"),
    ],
)
def test_a_file_that_is_no_member_is_rejected_by_itself(
    bundles: Stage, path: str, content: bytes, rule: str, seen: str
) -> None:
    bundles.drop(path, content)
    job = _bundle(bundles)
    assert job.state is JobState.REJECTED
    assert [(finding.rule, finding.seen) for finding in job.findings] == [(rule, seen)]


@pytest.mark.parametrize(
    ("content", "rule", "seen"),
    [
        (b"", "empty-file", f"groups-{KEY}.csv has 0 bytes"),
        (b"PK\x03\x04zip", "not-a-file", f"groups-{KEY}.csv: the first bytes are a zip"),
    ],
)
def test_an_unfit_member_rejects_the_whole_bundle_and_is_named(
    bundles: Stage, content: bytes, rule: str, seen: str
) -> None:
    bundles.drop(_groups()[0], content)
    bundles.drop(*_customers())
    job = _bundle(bundles)
    assert job.state is JobState.REJECTED
    assert [(finding.rule, finding.seen) for finding in job.findings] == [(rule, seen)]
    assert bundles.world.messages == {}
    assert bundles.in_landing() == []
    assert bundles.engine.ledger.taken() == []


def test_a_bundle_waits_while_its_feed_has_none_and_goes_on_when_it_has_again(bundles: Stage) -> None:
    bundles.drop(*_groups())
    bundles.edit_feeds("  orders:\n", "  orders-gone:\n")
    bundles.engine = bundles.another_host()
    bundles.tick(3 * HOUR)
    assert _bundle(bundles).reason == "feed orders has no bundle in feeds.yaml"
    bundles.edit_feeds("  orders-gone:\n", "  orders:\n")
    bundles.edit_feeds("wait: 2h", "wait: 9h")
    bundles.engine = bundles.another_host()
    bundles.drop(*_customers())
    bundles.run_to_the_end()
    assert _bundle(bundles).state is JobState.SUCCEEDED


def test_a_lost_answer_leaves_the_whole_bundle_in_doubt_and_in_landing(bundles: Stage) -> None:
    bundles.world.faults.add("enqueue", "answer_lost_after_commit")
    bundles.drop(*_groups())
    bundles.drop(*_customers())
    for _ in range(4):
        bundles.tick(HOUR)
    assert _bundle(bundles).state is JobState.IN_DOUBT
    assert len(bundles.in_landing()) == 2
    assert len(bundles.world.messages) == 1


class Interrupter(Reaper):
    """Lets something happen at the chosen call, in place of dying there."""

    def __init__(self, step: int, act: Any) -> None:
        super().__init__(step)
        self._act = act

    def strike(self, name: str) -> None:
        self.calls.append(name)
        if len(self.calls) == self.step:
            self._act()


def _watched(stage: Stage, doors: Doors, reaper: Reaper) -> Engine:
    return assemble(stage.engine.settings, stage.engine.feeds, reaper.wrap(doors), stage.clock, lambda: 0.5)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("comes", ["the other last member", "the same event once more"])
def test_when_two_hosts_see_the_last_members_at_once_one_package_is_sent_wherever_they_meet(
    bundles: Stage, comes: str
) -> None:
    _with_marker(bundles)
    doors, meets, places = _open_doors(bundles.engine.settings, bundles.clock), comes.startswith("the other"), []
    for step in itertools.count(1):
        last, marker = _customers(f"{step}")[0], f"orders/USMF/{step}.done"
        between = marker if meets else last
        interrupter = Interrupter(step, lambda path=between: bundles.engine.file_landed(bundles.landing, path))
        bundles.drop(*_groups(f"{step}"))
        bundles.drop(marker, b"", event=not meets)
        bundles.drop(*_customers(f"{step}"), event=False)
        try:
            _watched(bundles, doors, interrupter).file_landed(bundles.landing, last)
        except Conflict:
            assert interrupter.calls[-1] == "into ledger.write"  # the other was first to say SENDING
        if len(interrupter.calls) < step:
            break
        places.append(interrupter.calls[step - 1])
        bundles.tick()
        assert len(bundles.world.messages) == step, f"met {places[-1]}"
        bundles.world.recurrence_tick()
        bundles.tick(timedelta(minutes=5))
    assert {"into ledger.write", "into ledger.claim"} <= set(places)
    assert meets or "into erp.enqueue" in places
    bundles.run_to_the_end()
    assert {job.state for job in bundles.jobs() if len(job.members) == 3} == {JobState.SUCCEEDED}
    assert all(len(members) == 2 for members in _members_sent(bundles))


#: Dying while F&O is asked for the end is the same for every job: tests/scenario/test_crash_walk.py.
ASKING = (
    *("ledger.due", "ledger.forget", "ledger.turn", "ledger.taken", "ledger.write_all", "pace.", "erp.report"),
    *("view.", "watch."),
)


@pytest.mark.timeout(600)
def test_wherever_a_worker_dies_the_bundle_is_neither_lost_nor_sent_twice(bundles: Stage) -> None:
    doors = _open_doors(bundles.engine.settings, bundles.clock)
    place, calls = _die_at(bundles, doors, Reaper(NEVER), _both(0))
    _carry_on(bundles, _both(0), place)
    steps = [
        (call, calls[: number + 1].count(call))
        for number, call in enumerate(calls)
        if not call.split(" ")[-1].startswith(ASKING)
    ]
    places = []
    for number, (call, nth) in enumerate(steps, 1):
        place, _ = _die_at(bundles, doors, ReaperAt(call, nth), _both(number))
        _carry_on(bundles, _both(number), place)
        places.append(place)
    assert {"out of ledger.open", "out of ledger.claim", "out of files.keep"} <= set(places)


def _both(number: int) -> list[tuple[str, bytes]]:
    return [_groups(f"{number}"), _customers(f"{number}")]


def _die_at(stage: Stage, doors: Doors, reaper: Reaper, files: list[tuple[str, bytes]]) -> tuple[str, list[str]]:
    """Import one bundle with an engine that is killed: (where, empty when it lived; the calls that it made)."""
    engine = _watched(stage, doors, reaper)
    for file in files:
        stage.drop(*file, event=False)
    try:
        for path, _ in files:
            engine.file_landed(stage.landing, path)
        for _ in range(5):
            stage.world.recurrence_tick()
            stage.pass_time(timedelta(seconds=60))
            engine.poll()
    except Killed:
        return reaper.calls[-1], reaper.calls
    return "", reaper.calls


def _carry_on(stage: Stage, files: list[tuple[str, bytes]], place: str) -> None:
    """Fresh workers, until the bundle is at its end or in doubt; then the promises must hold."""
    for _ in range(12):
        job = _job_with(stage, files)
        if job and (job.state is JobState.IN_DOUBT or (job.archived_at and not stage.engine.ledger.taken())):
            break
        stage.world.recurrence_tick()
        stage.tick(timedelta(minutes=15))
    assert job is not None, f"lost after dying {place}"
    names = {path.rpartition("/")[2] for path, _ in files}
    sent = [members for members in _members_sent(stage) if names & set(members)]
    if job.state is JobState.IN_DOUBT:
        assert len(sent) <= 1, f"sent twice after dying {place}"
        assert stage.in_landing() == sorted(path for path, _ in files), f"landing is clear after dying {place}"
        _forget(stage, job, files)
        return
    assert job.state is JobState.SUCCEEDED, f"{job.state} after dying {place}: {job.reason}"
    assert [set(members) for members in sent] == [names], f"sent {len(sent)} times after dying {place}"
    assert stage.in_landing() == [], f"landing after dying {place}"
    assert {stage.archived(job, path.rpartition("/")[2]) for path, _ in files} == {content for _, content in files}
    assert stage.engine.ledger.taken() == [], f"places are held after dying {place}"


def _job_with(stage: Stage, files: list[tuple[str, bytes]]) -> Job | None:
    """The one job that has these files; they must never be in two."""
    names = {path.rpartition("/")[2] for path, _ in files}
    found = [job for job in stage.jobs() if names & {file.source.name for file in job.members}]
    assert len(found) <= 1, f"{len(found)} bundles of the same files"
    return found[0] if found else None


def _forget(stage: Stage, job: Job, files: list[tuple[str, bytes]]) -> None:
    """Clear a bundle in doubt away, as a person would, so that it is not in the way of the next one."""
    for path, _ in files:
        stage.blobs.get_blob_client(stage.landing, path).delete_blob()
    stage.engine.ledger.free_slots(job.job_id, job.slots)
    stage.engine.ledger._table.delete_entity(*job_key(job.job_id))
