"""The operator's command line: it answers the questions, acts with a reason, and ends as its page says."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.courier.__main__ import DONE, FAILED, WRONG, main
from shared.courier.follow import followed
from shared.courier.table import table
from shared.domain.job import Job, JobState
from shared.errors import FaultyConfiguration
from shared.wiring import Engine
from tests.scenario import the_14th
from tests.scenario.conftest import GOOD_CSV, Stage
from tests.scenario.the_14th import DOUBTFUL, PARTIAL

WHY = ["--why", "asked by finance", "--by", "ada"]


@pytest.fixture
def day(stage: Stage) -> Stage:
    """The 14th: one partial file, and one in doubt."""
    return the_14th.play(stage)


class Terminal:
    """A person at the command line."""

    def __init__(self, stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
        self._stage, self._capsys, self._said_aside = stage, capsys, ""

    def __call__(self, *words: str, ends: int = DONE) -> str:
        """What is shown, once the end is as expected."""
        assert main(words, lambda: self._stage.engine) == ends
        shown, self._said_aside = self._capsys.readouterr()
        return shown

    def errors(self) -> str:
        """What was said on the side, by the last call or since."""
        return self._said_aside + self._capsys.readouterr().err

    def json(self, *words: str) -> list[dict[str, object]]:
        """The same for scripts."""
        told = json.loads(self(*words, "--json"))
        return told if isinstance(told, list) else [told]


@pytest.fixture
def say(day: Stage, capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(day, capsys)


def test_did_the_14ths_files_load_is_one_line_each(say: Terminal, day: Stage) -> None:
    shown = say("jobs", "--feed", "customer-groups", "--date", "2026-11-14")
    assert shown.splitlines()[0].split("  ")[0] == "File"
    assert "groups-2026-11-14.csv  USMF" in shown
    assert "PARTIAL" in shown
    assert "IN_DOUBT, overdue" in shown
    told = say.json("jobs", "--feed", "customer-groups", "--date", "2026-11-14", "--state", "partial")
    assert [(each["state"], each["rows"]) for each in told] == [("PARTIAL", {"in": 3, "ok": 2, "bad": 1})]
    assert say("jobs", "--date", "2026-11-13").startswith("No job. A file belongs to the last date in its name")


@pytest.mark.parametrize("words", [["jobs"], ["bulk", "replay", "--from", "2026-11-14", "--state", "failed", *WHY]])
def test_a_feed_that_there_is_not_is_said_and_not_taken_for_one_without_files(say: Terminal, words: list[str]) -> None:
    assert say(*words, "--feed", "customer-grups", ends=FAILED) == ""
    assert say.errors().startswith("there is no feed customer-grups; there are customer-groups, ")


def test_a_date_of_another_country_is_refused_with_one_that_is_understood(say: Terminal) -> None:
    with pytest.raises(SystemExit):
        say("jobs", "--date", "14.11.2026")
    assert "'14.11.2026' is no date such as 2026-11-14" in say.errors()


@pytest.mark.parametrize("part", ["größe", "GROUPS-2026-11", "USMF/groups"])
def test_a_file_is_found_by_a_part_of_its_name(say: Terminal, part: str) -> None:
    found = [str(each["path"]) for each in say.json("find", part)]
    assert found
    assert all(part.casefold() in path.casefold() for path in found)


def test_a_job_is_found_by_its_id_and_by_its_message(say: Terminal, day: Stage) -> None:
    job = day.job(PARTIAL)
    for text in (job.job_id, job.message_id):
        assert [each["job_id"] for each in say.json("find", text)] == [job.job_id]
    assert say.json("find", "no such file") == []


def test_a_job_is_shown_with_its_rows_by_entity_and_its_timeline(say: Terminal, day: Stage) -> None:
    job = day.job(PARTIAL)
    shown = say("show", job.job_id)
    for part in (job.message_id, "3 / 2 / 1", "Customer groups", "ENQUEUED", job.archive_path, "landed as"):
        assert part in shown
    assert say.json("show", job.job_id)[0]["outcome"] == "PARTIAL"
    assert "`find` looks for a file's name" in say("show", "a.20261114.b", ends=FAILED)


def test_rows_that_were_not_loaded_are_written_to_a_file_once(say: Terminal, day: Stage, tmp_path: Path) -> None:
    nameless, too_long = b"65,\r\n", b"12345678901,Too long for its field\r\n"
    day.drop("customer-groups/USMF/long-2026-11-14.csv", GOOD_CSV + nameless + too_long)
    for _ in range(6):
        day.world.recurrence_tick()
        day.tick(timedelta(minutes=5))
    job_id, out = day.job("customer-groups/USMF/long-2026-11-14.csv").job_id, tmp_path / "bad.csv"
    told = say("bad-rows", job_id, "--out", str(out))
    assert "1 of 1 keys" in told
    assert "1 more rows failed before they had a key" in told
    assert out.read_bytes() == GOOD_CSV.splitlines(keepends=True)[0] + nameless
    say("bad-rows", job_id, "--out", str(out), ends=FAILED)
    say("bad-rows", day.job(DOUBTFUL).job_id, "--out", str(tmp_path / "x.csv"), ends=FAILED)


def test_today_ends_with_the_last_good_run_of_each_timer(say: Terminal) -> None:
    assert "Last good run (UTC): poll_jobs " in say("today").splitlines()[-1]


def test_today_counts_what_landed_and_says_what_wants_a_look(say: Terminal, day: Stage) -> None:
    [groups] = [each for each in say.json("today") if each["feed"] == "customer-groups"]
    assert groups["arrived"] == 2
    assert groups["states"] == {"IN_DOUBT": 1, "PARTIAL": 1}
    assert groups["overdue"] == 1
    shown = say("today", "--date", f"{datetime.now(UTC):%Y-%m-%d}")
    assert next(line for line in shown.splitlines() if line.startswith("customer-groups")).endswith("1 overdue")


def test_a_partial_file_is_replayed_only_when_that_is_said(
    say: Terminal, day: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    job = day.job(PARTIAL)
    assert main(["replay", job.job_id, *WHY], lambda: day.engine) == FAILED
    assert "its rows would be imported twice" in capsys.readouterr().err
    shown = say("replay", job.job_id, "--again", *WHY)
    assert "ENQUEUED" in shown
    assert [other.replay_of for other in day.jobs() if other.replay_of] == [job.job_id]


def test_a_doubt_is_resolved_by_the_message_that_was_seen_in_fo(say: Terminal, day: Stage) -> None:
    job = day.job(DOUBTFUL)
    (message,) = [m for m in day.world.messages.values() if m.legal_entity == "DEMF"]
    say("adopt", job.job_id, "--message", message.message_id, *WHY)
    day.run_to_the_end()
    assert day.job(DOUBTFUL).state is JobState.SUCCEEDED
    assert "ada" in say("show", job.job_id)


def test_a_feed_is_paused_and_resumed(say: Terminal, day: Stage) -> None:
    assert say("pause", "customer-groups", *WHY) == "customer-groups: paused.\n"
    day.drop("customer-groups/USMF/later.csv")
    assert day.job("customer-groups/USMF/later.csv").reason.endswith("asked by finance (ada)")
    [groups] = [each for each in say.json("today") if each["feed"] == "customer-groups"]
    assert (groups["paused"], groups["waiting"]) == ("asked by finance (ada)", {"off": 1})
    say("resume", "customer-groups", *WHY)
    assert "There is no feed x; there are" in say("pause", "x", *WHY, ends=FAILED)


def test_many_are_shown_and_done_only_with_yes(say: Terminal, day: Stage) -> None:
    words = ["bulk", "close", "--feed", "customer-groups", "--from", "2026-11-14", "--state", "in-doubt", *WHY]
    assert "1 jobs. Nothing is done yet: say --yes to close them." in say(*words)
    assert day.job(DOUBTFUL).state is JobState.IN_DOUBT
    assert "done" in say(*words, "--yes")
    assert day.job(DOUBTFUL).state is JobState.CLOSED


def test_scripts_get_what_was_done_as_json(say: Terminal, day: Stage) -> None:
    assert say.json("pause", "resendable", *WHY) == [{"feed": "resendable", "done": "pause"}]
    words = ["close", "--feed", "customer-groups", "--from", "2026-11-14", "--state", "in_doubt", *WHY]
    [many] = say.json("bulk", *words)
    job_id = day.job(DOUBTFUL).job_id
    seen = {"job_id": job_id, "path": DOUBTFUL, "was": "IN_DOUBT", "refused": None}
    assert (many["dry_run"], many["jobs"]) == (True, [seen])


def test_content_is_forgotten_only_with_yes(say: Terminal, day: Stage) -> None:
    job_id = day.job(PARTIAL).job_id
    assert "say --yes" in say("forget", job_id, *WHY)
    assert day.job(PARTIAL).forgotten_at is None
    [told] = say.json("forget", job_id, "--yes", *WHY)
    assert told["removed"] is True
    assert day.job(PARTIAL).forgotten_at is not None


def test_exports_are_listed_with_their_last_delivery(say: Terminal, day: Stage) -> None:
    assert say.json("exports")[0]["last_at"] is None
    day.world.export("33333333-3333-4333-8333-333333333333", None)
    day.engine.drain_exports()
    assert say.json("exports")[0]["last_at"] is not None
    assert "groups-out" in say("exports")


def test_faulty_settings_end_with_2_and_name_the_fault(capsys: pytest.CaptureFixture[str]) -> None:
    def faulty() -> Engine:
        raise FaultyConfiguration("app settings", ["D365_BASE_URL: missing"])

    assert main(["today"], faulty) == WRONG
    assert "D365_BASE_URL: missing" in capsys.readouterr().err


def test_the_end_of_a_job_is_followed_move_by_move_within_its_budget(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.drop(PARTIAL)
    job_id = stage.job(PARTIAL).job_id

    def look() -> Job | None:
        return stage.engine.answers.job(job_id)

    assert followed(look, 1, lambda: None) == FAILED
    assert capsys.readouterr().out.endswith("It has not ended; look again later.\n")

    def pass_a_minute() -> None:
        stage.world.recurrence_tick()
        stage.tick(timedelta(minutes=1))

    assert followed(look, 20, pass_a_minute) == DONE
    shown = capsys.readouterr().out
    assert [line.split()[1] for line in shown.splitlines()[:4]] == ["RECEIVED", "SENDING", "ENQUEUED", "RUNNING"]
    assert shown.endswith(f"It lies in {stage.job(PARTIAL).archive_path}.\n")


def test_a_table_stands_straight_with_any_letters() -> None:
    assert table(("A", "B"), [("größe", "1"), ("漢字", "2")]).splitlines() == [
        "A      B",
        "-      -",
        "größe  1",
        "漢字   2",
    ]
