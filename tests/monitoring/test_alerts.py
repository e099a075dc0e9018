"""Every alert rule fires on its bad sample, is silent on a calm day, and reads only what the code says."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from local.monitoring.emitted import emitted
from local.monitoring.kusto import faults_of, is_installed
from local.monitoring.rules import MONITOR, Rule, all_queries, events_in, fields_in, rules
from shared.domain.job import JobState
from shared.telemetry import Event, emit
from tests.builders import a_job_in
from tests.monitoring.workspace import Workspace, recorded

RULES = {rule.name: rule for rule in rules()}
RUNBOOKS = Path(__file__).parents[2] / "docs" / "runbooks"
Happening = Callable[[Workspace], None]


def said(event: Event, in_state: JobState | None = None, /, **fields: object) -> Happening:
    """An event, of a job in `in_state` where one is named."""
    job = replace(a_job_in(in_state), message_id="84a383c8-336d-45e4-9933-0c3e8bfb734a") if in_state else None
    return lambda _: emit(event, job, **fields)


def failed_run(workspace: Workspace) -> None:
    """A run of the poll timer that failed."""
    workspace.ran("poll_jobs", success=False)


def gauge(waiting_reasons: str = "{}", **fields: int) -> Happening:
    """A feed's gauge at one tick."""
    told = {"open": 2, "overdue": 0, "in_doubt": 0, "waiting": 0, "waiting_minutes": 0, "oldest_minutes": 5}
    told |= {"enqueued_minutes": 0} | fields
    return said(Event.LEDGER_GAUGE, feed="customer-groups", waiting_reasons=waiting_reasons, **told)


_LATE = said(Event.FEED_LATE, feed="customer-groups", promise="loaded_by", due_at="06:00", last_arrival="", why="1")
_OFF = {"feed": "customer-groups", "day": "2026-11-13", "arrived": 3, "lost": 1, "unclaimed": 0}
_DELIVERY = {"feed": "groups-out", "delivery_id": "d1", "correlation_id": "c1", "state": "LAPSED"}
_HELD = said(Event.ORDER_HELD, JobState.WAITING, held_by="customer-groups.20261113.x", why="PARTIAL")
_SATURATED = said(Event.JOB_SATURATED, JobState.ENQUEUED, activity_id="a1", why="enqueued for 2 h, usually 10 min")
_DOUBT = said(Event.JOB_IN_DOUBT, JobState.IN_DOUBT, error="enqueue: no answer")

CALM: list[Happening] = [
    said(Event.JOB_RECEIVED, JobState.RECEIVED, path="a/b.csv", size_bytes=10, actor="event"),
    said(Event.JOB_SENDING, JobState.SENDING, size_bytes=10),
    said(Event.JOB_ENQUEUED, JobState.SENDING, accepted_message_id="m"),
    said(Event.JOB_RUNNING, JobState.RUNNING),
    said(Event.JOB_ENDED, JobState.SUCCEEDED, outcome="SUCCEEDED", rows_in=2, rows_ok=2, rows_bad=0),
    said(Event.JOB_ARCHIVED, JobState.SUCCEEDED, archive_path="archive/x"),
    said(Event.EXPORT_STORED, **{**_DELIVERY, "state": "STORED"}, path="x", rows=3),
    said(Event.EXPORT_ACKNOWLEDGED, **{**_DELIVERY, "state": "ACKNOWLEDGED"}),
    said(Event.ERP_THROTTLED, call="enqueue", retry_after="0:00:20"),
    said(Event.STATUS_UNAVAILABLE, JobState.RUNNING, error="jobstatus: 502"),
    said(Event.TICK_DONE, tick="poll_jobs", seconds=1.2, did=3, left=0),
    said(Event.TICK_DONE, tick="drain_exports", seconds=1.2, did=1, left=0),
    said(Event.TICK_DONE, tick="watch_promises", seconds=0.2, did=1, left=0),
    *[gauge(enqueued_minutes=minutes) for minutes in (0, 8, 12, 20)],
    gauge('{"window": 4, "cap": 1}', waiting=5, waiting_minutes=90, oldest_minutes=600),
    said(Event.EXPORT_GAUGE, feed="groups-out", hours_since_last=3.5, expect_every_hours=24.0, open=0),
    said(Event.EXPORT_GAUGE, feed="never-delivered", expect_every_hours=24.0, open=0),
    said(Event.DAY_BALANCE, feed="customer-groups", day="2026-11-13", arrived=3, succeeded=3, lost=0, unclaimed=0),
    lambda workspace: workspace.ran("poll_jobs"),
]

#: What has happened when the rule must fire. None: the calm day without what is waited for.
BAD: dict[str, list[Happening]] = {
    "import-failed": [said(Event.JOB_ENDED, JobState.PARTIAL, outcome="PARTIAL", rows_in=5, rows_ok=3, rows_bad=2)],
    "import-rejected": [said(Event.JOB_REJECTED, JobState.REJECTED, rule="empty-file")],
    "in-doubt": [_DOUBT, gauge(in_doubt=1)],
    "circuit-open": [
        said(Event.CIRCUIT_OPENED, feed="customer-groups", refusals=3, why="enqueue: 400", try_at="later")
    ],
    "overdue": [said(Event.JOB_OVERDUE, JobState.ENQUEUED, why="enqueued and not started for 5 h"), gauge(overdue=1)],
    "sent-unrecorded": [said(Event.JOB_SENT_UNRECORDED, JobState.SENDING, accepted_message_id="m", error="table")],
    "evidence-at-risk": [
        said(Event.JOB_EVIDENCE_AT_RISK, JobState.PARTIAL, why="503", age_minutes=4500, gone_at="2026-11-17")
    ],
    "archive-held-up": [said(Event.JOB_ARCHIVE_DELAYED, JobState.SUCCEEDED, why="the copy differs")] * 3,
    "events-lost": [said(Event.LANDING_FOUND, path="a/USMF/b.csv", landed_at="2026-11-14")],
    "sign-in-refused": [said(Event.ERP_ACCESS_REFUSED, call="enqueue", error="sign-in to F&O failed")],
    "throttled": [said(Event.ERP_THROTTLED, call="enqueue", retry_after="0:00:20")] * 10,
    "status-unreadable": [said(Event.STATUS_UNKNOWN, JobState.RUNNING, word="Dreaming")] * 5,
    "export-unacknowledged": [said(Event.EXPORT_LAPSED, **_DELIVERY, why="stored, not acknowledged when ...")],
    "export-not-unpacked": [said(Event.EXPORT_ODD, feed="groups-out", export_id="e", why="3 rows, fewer than 10")],
    "export-stopped": [said(Event.EXPORT_STOPPED, feed="groups-out", error="dequeue: 500")] * 3,
    "promise-broken": [_LATE],
    "certificate-ends": [said(Event.CREDENTIAL_ENDS, credential="certificate", ends_at="2026-12-01", days_left=7)],
    "export-silent": [said(Event.EXPORT_GAUGE, feed="groups-out", hours_since_last=25.0, expect_every_hours=24.0)],
    "sums-off": [said(Event.BALANCE_OFF, **_OFF, examples="customer-groups.20261113.x")],
    "stuck-in-queue": [gauge(enqueued_minutes=45)],
    "waiting-long": [gauge('{"cap": 3}', waiting=3, waiting_minutes=260)],
    "order-held": [_HELD, gauge('{"held": 1, "order": 4}', waiting=5)],
    "queue-saturated": [_SATURATED],
    "rows-odd": [said(Event.JOB_ODD, JobState.SUCCEEDED, why="3 rows, fewer than the expected 10")],
    "timer-silent": [],
    "timer-behind": [said(Event.TICK_CUT_SHORT, tick="poll_jobs", lane="send")] * 3,
    "step-failed": [said(Event.TICK_STEP_FAILED, job_id="j", error="defect: ValueError: x")],
    "function-failed": [failed_run] * 3,
}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_rule_is_silent_on_a_calm_day(rule: Rule) -> None:
    assert recorded(CALM).rows(rule.query) == []


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_rule_fires_on_its_bad_sample(rule: Rule) -> None:
    day = [] if rule.name == "timer-silent" else CALM
    assert recorded(day, BAD[rule.name]).rows(rule.query) != []


def test_a_silent_timer_is_named() -> None:
    only_polling = recorded([said(Event.TICK_DONE, tick="poll_jobs", seconds=1.2, did=0, left=0)])
    assert sorted(only_polling.rows(RULES["timer-silent"].query)) == [
        ("drain_exports",),
        ("watch_promises",),
    ]


def test_doubt_and_delay_last_as_long_as_the_gauge_says_so_and_name_their_cause() -> None:
    for rule, column in (("in-doubt", "in_doubt"), ("overdue", "overdue")):
        query = RULES[rule].query
        hours_later = gauge(**{column: 2})
        assert recorded([hours_later]).rows(query) != []
        assert recorded([hours_later, gauge()]).rows(query) == []
    [(feed, files, example, cause)] = recorded(BAD["in-doubt"]).rows(RULES["in-doubt"].query)
    assert (feed, files, cause) == ("customer-groups", 1, "enqueue: no answer")
    assert example == a_job_in(JobState.IN_DOUBT).job_id


def test_an_open_circuit_lasts_as_long_as_files_wait_for_it() -> None:
    query = RULES["circuit-open"].query
    assert recorded([gauge('{"circuit": 3}', waiting=3)]).rows(query) != []
    assert recorded([gauge('{"circuit": 3}', waiting=3), gauge()]).rows(query) == []


def test_a_promise_that_is_kept_late_clears_its_own_alert_and_no_other() -> None:
    query = RULES["promise-broken"].query
    recovered = said(Event.FEED_RECOVERED, feed="customer-groups", promise="loaded_by", last_arrival="07:00")
    other = said(Event.FEED_RECOVERED, feed="customer-groups", promise="expect", last_arrival="07:00")
    assert recorded([_LATE, other]).rows(query) != []
    assert recorded([_LATE, recovered]).rows(query) == []
    assert recorded([_LATE, recovered, _LATE]).rows(query) != []


def test_sums_that_add_up_again_clear_their_alert() -> None:
    even = said(Event.BALANCE_EVEN, **{**_OFF, "lost": 0})
    assert recorded(BAD["sums-off"], [even]).rows(RULES["sums-off"].query) == []


def test_a_feed_that_is_always_slow_in_the_queue_is_not_called_stuck() -> None:
    slow = [gauge(enqueued_minutes=minutes) for minutes in (40, 50, 45, 60)]
    assert recorded(slow).rows(RULES["stuck-in-queue"].query) == []


def test_an_ordered_feed_is_called_held_for_as_long_as_its_gauge_says_so() -> None:
    query = RULES["order-held"].query
    assert recorded([gauge('{"held": 1}', waiting=1)]).rows(query) != []
    assert recorded([_HELD, gauge('{"order": 4}', waiting=4)]).rows(query) == []


def test_a_queue_that_moves_again_clears_the_alert_of_its_activity_whatever_the_feed() -> None:
    query = RULES["queue-saturated"].query
    over = said(Event.JOB_SATURATION_OVER, feed="other", job_id="other.20261114.x", activity_id="a1")
    elsewhere = said(Event.JOB_SATURATION_OVER, feed="other", job_id="other.20261114.x", activity_id="a2")
    assert recorded([_SATURATED, over]).rows(query) == []
    assert recorded([_SATURATED, elsewhere]).rows(query) != []


def test_files_that_have_gone_since_are_not_called_waiting() -> None:
    assert recorded(BAD["waiting-long"], [gauge()]).rows(RULES["waiting-long"].query) == []


def test_a_circuit_that_closed_clears_its_alert() -> None:
    closed = said(Event.CIRCUIT_CLOSED, feed="customer-groups", refusals=3, opened_at="then")
    assert recorded(BAD["circuit-open"], [closed]).rows(RULES["circuit-open"].query) == []


@pytest.mark.skipif(not is_installed(), reason="no node, or not the Kusto parser; dev.py installs both")
def test_every_query_binds_without_fault() -> None:
    assert {name: faults for name, faults in faults_of(all_queries()).items() if faults} == {}


@pytest.mark.parametrize("name", all_queries())
def test_a_query_reads_only_events_and_fields_that_the_code_emits(name: str) -> None:
    query, known = all_queries()[name], emitted()
    events = events_in(query)
    assert events <= {event.value for event in Event}
    offered = set().union(*(known[event] for event in events or known))
    assert fields_in(query) <= offered


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_rule_has_a_runbook_page_that_says_what_to_do(rule: Rule) -> None:
    page = (RUNBOOKS / f"{rule.name}.md").read_text(encoding="utf-8")
    for part in ("## Means", "## First step", "## When it clears"):
        assert part in page


def test_rules_queries_and_samples_are_the_same_set() -> None:
    assert {path.stem for path in (MONITOR / "queries").glob("*.kql")} == set(RULES) == set(BAD)


def test_the_template_loads_the_query_of_every_rule() -> None:
    text = (MONITOR.parent / "modules" / "alerts.bicep").read_text(encoding="utf-8")
    loaded = set(re.findall(r"'([a-z-]+)': loadTextContent\('\.\./monitor/queries/\1\.kql'\)", text))
    assert loaded == set(RULES)
