"""feeds.yaml: what is good is understood, what is bad is told all at once with its line."""

from datetime import time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from shared.domain.feed import Checks, LostAnswer, Shape, SourceFormat
from shared.domain.watching.promises import Deadline
from shared.errors import FaultyConfiguration
from shared.feeds.loading import load_feeds

GOOD = """\
version: 1
environment: test
feeds:
  invoices:
    shape: file
    entity: Vendor invoice header
    activity_id: "%INVOICES_ACTIVITY_ID%"
    companies: [USMF, "0010"]
    max_size: 20MB
    max_in_flight: 1
    overdue_after: 90m
    lost_answer: resend
    expect: by 06:00 weekdays
    loaded_by: 17:00
    rows: {min: 10, max: 5000}
  customers:
    shape: package
    activity_id: 22222222-2222-4222-8222-22222222222A
    company: DEMF
    path: customers/{name}
time_zone: Europe/Berlin
"""
ENVIRON = {"INVOICES_ACTIVITY_ID": "11111111-1111-4111-8111-111111111111"}
SAMPLES = Path(__file__).parents[2] / "local" / "samples" / "feeds.yaml"


def _faults(text: str, environ: dict[str, str] | None = None, environment: str = "test") -> tuple[str, ...]:
    with pytest.raises(FaultyConfiguration) as caught:
        load_feeds(text, ENVIRON if environ is None else environ, environment)
    return caught.value.faults


def test_a_good_file_becomes_feeds() -> None:
    book = load_feeds(GOOD, ENVIRON, "test")
    invoices, customers = book.feeds["invoices"], book.feeds["customers"]
    assert invoices.activity_id == "11111111-1111-4111-8111-111111111111"
    assert (invoices.companies, invoices.max_size_bytes) == (("USMF", "0010"), 20_000_000)
    assert (invoices.overdue_after, invoices.lost_answer) == (timedelta(minutes=90), LostAnswer.RESEND)
    assert (customers.shape, customers.company, customers.entity) == (Shape.PACKAGE, "DEMF", "")
    assert customers.activity_id.islower()
    assert customers.lost_answer is LostAnswer.HOLD
    assert len(book.version) == 12


def test_promises_are_read_in_the_feeds_zone() -> None:
    invoices = load_feeds(GOOD, ENVIRON, "test").feeds["invoices"]
    berlin = ZoneInfo("Europe/Berlin")
    assert invoices.expect == Deadline(time(6), frozenset(range(5)), berlin)
    assert invoices.loaded_by == Deadline(time(17), frozenset(range(7)), berlin)
    assert (invoices.rows_min, invoices.rows_max) == (10, 5000)
    assert load_feeds(GOOD, ENVIRON, "test").feeds["customers"].expect is None


def test_the_sample_feeds_are_good() -> None:
    assert set(load_feeds(SAMPLES.read_text(), {}, "local").feeds) == {"customer-groups", "customers"}
    assert set(load_feeds(SAMPLES.read_text(), {}, "local").exports) == {"customer-groups-export"}


def test_an_empty_file_is_told_how_to_begin() -> None:
    assert _faults("") == (
        "line 1: the file: it is empty; begin with version, environment and feeds, as docs/feeds.md shows",
    )


def test_faults_of_every_kind_are_listed_at_once_with_their_lines() -> None:
    bad = GOOD.replace("shape: file", "shape: files").replace("max_size: 20MB", "max_sice: 20MB")
    faults = _faults(bad, environ={})
    assert [fault.split(":")[0] for fault in faults] == ["line 5", "line 7", "line 9"]
    assert "'files' is not one of" in faults[0]
    assert "INVOICES_ACTIVITY_ID is missing or empty" in faults[1]
    assert "no setting max_sice" in faults[2]
    assert "max_size" in faults[2]


def test_feeds_for_another_environment_are_refused() -> None:
    faults = _faults(GOOD, environment="prod")
    assert len(faults) == 1
    assert "line 2" in faults[0]
    assert "'test'" in faults[0]
    assert "'prod'" in faults[0]


@pytest.mark.parametrize(
    ("find", "put", "told"),
    [
        ("    entity: Vendor invoice header\n", "", "entity is missing"),
        ("    shape: package\n", "    shape: package\n    entity: X\n", "manifest names its entities"),
        ('"0010"', "0010", "is not a legal entity's ID such as USMF, in quotes"),
        ("path: customers/{name}", "path: customers/{date}/{name}", "{date} is unknown"),
        ("path: customers/{name}", "path: customers/x", "needs {name} once"),
        ("    company: DEMF\n", "", "a fixed company, or companies"),
        ("    company: DEMF\n", "    company: DEMF\n    companies: [USMF]\n", "not both"),
        ("    company: DEMF\n", "    companies: [USMF]\n", "has no {company}"),
        ("lost_answer: resend", "lost_answer: retry", "'retry' is not one of"),
        ("by 06:00 weekdays", "by 6 weekdays", "no deadline such as"),
        ("loaded_by: 17:00", "loaded_by: 1440", "loaded_by"),
        ("min: 10", "min: 9999", "min 9999 is above max 5000"),
        ("overdue_after: 90m", "overdue_after: 90", "90 is not a duration such as 90m"),
        ("  customers:", "  Customers:", "is no feed name"),
        ("  customers:", "  invoices:", "written twice"),
        ("path: customers/{name}", 'path: "invoices/{company}/{name}"', "claim the same path"),
        ("version: 1", "version: 2", "1 was expected"),
        ("lost_answer: resend", "time_zone: Berlin", "'Berlin' is no time zone"),
        ("lost_answer: resend", 'send_between: "22-05"', "no span of hours such as 22:00-05:00"),
        ("version: 1", 'version: 1\nmaintenance: ["sunday"]', "neither like 'sun 02:00-06:00'"),
        ("version: 1", "version: 1\nsends_per_minute: 0", "0 is less than the minimum"),
    ],
)
def test_each_mistake_has_a_sentence(find: str, put: str, told: str) -> None:
    assert find in GOOD
    assert any(told in fault for fault in _faults(GOOD.replace(find, put))), _faults(GOOD.replace(find, put))


GUID_WANTED = "is not a GUID such as 0f8fad5b-d9cb-469f-a165-70867728950e, or an app setting such as %INVOICES"
LABEL_FOR_A_URL = "'Vendor+invoice+header' looks written for a URL; did you mean 'Vendor invoice header'?"


@pytest.mark.parametrize(
    ("find", "put", "told"),
    [
        ("max_size: 20MB", "max_size: 20 mb", "'20 mb' is not a size such as 500KB, 50MB or 2GB"),
        ("overdue_after: 90m", "overdue_after: 1,5h", "'1,5h' is not a duration such as 90m, 4h or 2d"),
        ("22222222-2222-4222-8222-22222222222A", "222-2222", GUID_WANTED),
        ("company: DEMF", "company: Contoso", "'Contoso' is not a legal entity's ID such as USMF"),
        ("environment: test", "environment: Test 1", "'Test 1' is not a name such as sandbox-1"),
        ("max_size: 20MB", "max_sice: 20MB", "has no setting max_sice (did you mean max_size?)"),
        ("shape: file", "shape: File", "is not one of file, package (did you mean file?)"),
        ("entity: Vendor invoice header", "entity: Vendor+invoice+header", LABEL_FOR_A_URL),
        ("shape: package", "shape: package\n    entities: [Customer%20groups]", "did you mean 'Customer groups'?"),
        ("shape: package", "shape: package\n    format: CSV", "customers.format belongs to shape file"),
        ("shape: package", "shape: package\n    columns: [A]", "customers.columns belongs to shape file"),
        ("shape: file", "shape: file\n    entities: [A]", "invoices.entities belongs to shape package"),
        ("shape: file", "shape: file\n    checks: strict", "'strict' is not one of reject, warn"),
        ("shape: file", "shape: file\n    format: CSV-UTF8", "'CSV-UTF8' is not one of CSV, CSV-Unicode"),
    ],
)
def test_a_mistake_is_told_by_an_example_and_never_by_a_pattern(find: str, put: str, told: str) -> None:
    assert find in GOOD
    faults = _faults(GOOD.replace(find, put), environment="test")
    assert any(told in fault for fault in faults), faults
    assert not any("^" in fault or "[a-z" in fault for fault in faults)


def test_the_keys_of_the_check_become_the_feed() -> None:
    text = GOOD.replace("shape: file", "shape: file\n    format: CSV-Unicode\n    columns: [A]\n    checks: warn")
    text = text.replace("shape: package", "shape: package\n    entities: [Customer groups]\n    warn_size: 1MB")
    feeds = load_feeds(text, ENVIRON, "test").feeds
    invoices, customers = feeds["invoices"], feeds["customers"]
    assert (invoices.file_format, invoices.columns) == (SourceFormat.CSV_UNICODE, ("A",))
    assert (invoices.checks, customers.checks) == (Checks.WARN, Checks.CERTAIN)
    assert (customers.entities, customers.warn_size_bytes) == (("Customer groups",), 1_000_000)
    assert invoices.warn_size_bytes == 35_000_000


@pytest.mark.parametrize("text", ["", "null", "- a\n- b", "feeds: [", "just text", "version: 1\n\tfeeds: x"])
def test_a_file_that_is_no_feeds_file_is_told_and_not_crashed_on(text: str) -> None:
    assert _faults(text)


EXPORTS = """\
version: 1
environment: test
exports:
  groups:
    activity_id: 33333333-3333-4333-8333-333333333333
    lake: finance/groups
  orders:
    activity_id: {activity_id}
    lake: {lake}
"""


@pytest.mark.parametrize(
    ("activity_id", "lake", "told"),
    [
        ('"%ORDERS%"', "orders", "line 8: exports.orders and exports.groups have the same activity_id"),
        (
            "33333333-3333-4333-8333-33333333333A",
            "finance/Groups",
            "line 9: exports.orders and exports.groups have the same lake",
        ),
        (
            "33333333-3333-4333-8333-33333333333A",
            "finance/groups/new",
            "line 9: exports.orders and exports.groups have a lake folder one inside the other",
        ),
        (
            "33333333-3333-4333-8333-33333333333A",
            "finance",
            "line 9: exports.orders and exports.groups have a lake folder one inside the other",
        ),
    ],
)
def test_two_exports_share_no_queue_and_no_folder_however_they_are_written(
    activity_id: str, lake: str, told: str
) -> None:
    text = EXPORTS.format(activity_id=activity_id, lake=lake)
    assert _faults(text, {"ORDERS": "33333333-3333-4333-8333-333333333333"}) == (told,)


def test_exports_with_folders_side_by_side_are_good() -> None:
    text = EXPORTS.format(activity_id="33333333-3333-4333-8333-33333333333A", lake="finance/groups-of-vendors")
    assert set(load_feeds(text, {}, "test").exports) == {"groups", "orders"}
