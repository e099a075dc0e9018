"""Which feed a path belongs to, and what makes a file unfit before it is sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.checks.findings import Finding, check_shape, check_size
from shared.domain.feed import Shape
from shared.domain.routing import Route, route
from tests.builders import a_feed

INVOICES = a_feed(name="invoices", path_rule="in/{company}_{name}")
FIXED = a_feed(name="rates", path_rule="rates/{name}", company="DAT", companies=())
FEEDS = [a_feed(), INVOICES, FIXED]


@pytest.mark.parametrize(
    ("path", "feed", "legal_entity"),
    [
        ("customer-groups/USMF/a.csv", "customer-groups", "USMF"),
        ("customer-groups/usmf/a.csv", "customer-groups", "USMF"),
        ("customer-groups/DEMF/Zürich 100% (1).csv", "customer-groups", "DEMF"),
        ("in/DEMF_nov_14.csv", "invoices", "DEMF"),
        ("rates/today.csv", "rates", "DAT"),
    ],
)
def test_a_path_finds_its_feed_and_legal_entity(path: str, feed: str, legal_entity: str) -> None:
    found = route(path, FEEDS)
    assert isinstance(found, Route)
    assert (found.feed.name, found.legal_entity) == (feed, legal_entity)


@pytest.mark.parametrize("path", ["a.csv", "customer-groups/a.csv", "customer-groups/USMF/sub/a.csv", "Rates/x", ""])
def test_a_path_that_no_rule_matches_lists_the_rules_it_was_tried_against(path: str) -> None:
    found = route(path, FEEDS)
    assert isinstance(found, Finding)
    assert found.rule == "no-feed"
    for rule in ("customer-groups/{company}/{name}", "in/{company}_{name}", "rates/{name}"):
        assert rule in found.advice


def test_a_company_off_the_list_is_rejected_with_the_list() -> None:
    found = route("customer-groups/ZZZZ/a.csv", FEEDS)
    assert isinstance(found, Finding)
    assert (found.rule, found.seen, found.feed) == ("company", "ZZZZ", "customer-groups")
    assert "USMF, DEMF" in found.advice


@given(st.text(max_size=60))
def test_any_path_is_routed_or_explained(path: str) -> None:
    found = route(path, FEEDS)
    assert isinstance(found, Route) or found.sentence()


def test_an_empty_and_an_oversize_file_are_named_findings() -> None:
    assert [finding.rule for finding in check_size(a_feed(), 0)] == ["empty-file"]
    assert [finding.rule for finding in check_size(a_feed(), 1_000_001)] == ["too-large"]
    assert check_size(a_feed(), 1_000_000) == []


@pytest.mark.parametrize(
    ("shape", "name", "first_bytes", "rules"),
    [
        (Shape.PACKAGE, "a.zip", b"PK\x03\x04rest", []),
        (Shape.PACKAGE, "a.zip", b"CUSTOMERGROUPID", ["not-a-package"]),
        (Shape.FILE, "a.csv", b"CUSTOMERGROUPID", []),
        (Shape.FILE, "a.csv", b"PK\x03\x04rest", ["not-a-file"]),
        (Shape.FILE, "a.XLSX", b"PK\x03\x04rest", []),
    ],
)
def test_the_first_bytes_tell_a_package_from_a_file(
    shape: Shape, name: str, first_bytes: bytes, rules: list[str]
) -> None:
    assert [finding.rule for finding in check_shape(a_feed(shape=shape), name, first_bytes)] == rules
