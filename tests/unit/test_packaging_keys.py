"""`template` and `bundle` in feeds.yaml: what is good is understood, what is bad is told before any file lands."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.samples.package import Member, header, manifest, package
from shared.domain.bundle import key_in, named, overlap
from shared.domain.template import why_unfit
from shared.errors import FaultyConfiguration
from shared.feeds.loading import load_feeds
from shared.formats.manifest import read_manifest
from tests.packages import zipped

GROUPS = Member(entity="Customer groups", content=b"CUSTOMERGROUPID,DESCRIPTION\r\nleft,in\r\n", level=1)
CUSTOMERS = Member(entity="Customers V3", content=b"CUSTOMERACCOUNT,CUSTOMERGROUPID\r\n", level=1)
FEEDS = """\
version: 1
environment: test
feeds:
  groups:
    shape: file
    entity: Customer groups
    template: templates/groups.zip
    activity_id: 22222222-2222-4222-8222-222222222222
    company: USMF
  orders:
    shape: file
    template: templates/orders.zip
    bundle:
      members:
        - {name: "groups-{key}.csv", entity: Customer groups, unit: 1, level: 1, sequence: 1}
        - {name: "customers-{key}.csv", entity: Customers V3, unit: 1, level: 2, sequence: 1}
      done: "{key}.done"
      wait: 90m
    activity_id: 33333333-3333-4333-8333-333333333333
    company: USMF
"""

Write = Callable[[str, bytes], None]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Puts a template beside feeds.yaml; two good ones are there."""

    def put(name: str, content: bytes) -> None:
        (tmp_path / "templates").mkdir(exist_ok=True)
        (tmp_path / "templates" / name).write_bytes(content)

    put("groups.zip", package("Groups", [GROUPS]))
    put("orders.zip", package("Orders", [GROUPS, CUSTOMERS]))
    return put


def _load(folder: Path, text: str = FEEDS):  # type: ignore[no-untyped-def]
    return load_feeds(text, {}, "test", str(folder / "feeds.yaml"))


def _faults(folder: Path, text: str = FEEDS) -> tuple[str, ...]:
    with pytest.raises(FaultyConfiguration) as caught:
        _load(folder, text)
    return caught.value.faults


def test_a_template_is_read_without_the_data_file_that_was_left_in(tmp_path: Path, write: Write) -> None:
    template = _load(tmp_path).feeds["groups"].template
    assert template is not None
    assert [name for name, _ in template.parts] == ["Manifest.xml", "PackageHeader.xml"]
    assert template.sha256 == hashlib.sha256((tmp_path / "templates" / "groups.zip").read_bytes()).hexdigest()
    assert dict(template.parts)["PackageHeader.xml"] == b"\xff\xfe" + header("Groups").encode("utf-16-le")
    entity = template.entity("Customer groups")
    assert (entity.source_format, entity.columns) == ("CSV", ("CUSTOMERGROUPID", "DESCRIPTION"))


def test_a_bundle_knows_its_members_and_the_manifest_has_their_order(tmp_path: Path, write: Write) -> None:
    orders = _load(tmp_path).feeds["orders"]
    assert orders.bundle is not None
    assert orders.template is not None
    assert orders.bundle.wait == timedelta(minutes=90)
    assert orders.bundle.patterns == ("groups-{key}.csv", "customers-{key}.csv", "{key}.done")
    assert orders.bundle.missing("7", ["customers-7.csv"]) == ["groups-7.csv", "7.done"]
    text = dict(orders.template.parts)["Manifest.xml"][2:].decode("utf-16-le")
    unchanged = manifest("Orders", [GROUPS, CUSTOMERS])
    head, tail = unchanged.split("<EntityName>Customers V3")
    expected = head + "<EntityName>Customers V3" + tail.replace("ExecutionUnit>1</Lev", "ExecutionUnit>2</Lev")
    assert text == expected


def test_an_entity_with_a_file_of_its_own_in_the_template_is_kept(tmp_path: Path, write: Write) -> None:
    write("groups.zip", package("Groups", [CUSTOMERS, GROUPS]))
    template = _load(tmp_path).feeds["groups"].template
    assert template is not None
    assert [name for name, _ in template.parts] == ["Manifest.xml", "PackageHeader.xml", "Customers V3.csv"]


@pytest.mark.parametrize(
    ("find", "put", "line", "told"),
    [
        ("templates/groups.zip", "templates/none.zip", 7, "templates/none.zip cannot be read"),
        ("templates/groups.zip", "../groups.zip", 7, "is not the path of a zip beside feeds.yaml"),
        ("templates/groups.zip", "/etc/groups.zip", 7, "is not the path of a zip beside feeds.yaml"),
        ("entity: Customer groups\n", "entity: Customer group\n", 7, "'Customer group' 0 times and not once; it has"),
        ("    template: templates/orders.zip\n", "", 10, "template is missing"),
        ("wait: 90m", "wait: soon", 18, "'soon' is not a duration such as 90m"),
        ("    bundle:\n", "    entity: Customers V3\n    bundle:\n", 13, "is not for bundles: each member names"),
        ('name: "groups-{key}.csv"', 'name: "groups.csv"', 15, "'groups.csv' needs {key} once"),
        ('name: "groups-{key}.csv"', 'name: "{key}-{key}.csv"', 15, "needs {key} once"),
        ('name: "groups-{key}.csv"', 'name: "{key}.csv"', 16, "a file can fit both '{key}.csv' and 'customers-"),
        ('done: "{key}.done"', 'done: "customers-{key}.csv"', 17, "a file can fit both"),
        ("entity: Customers V3, unit", "entity: Customer groups, unit", 16, "is another member's"),
        ("level: 2", "level: 0", 16, "0 is less than the minimum"),
        ("wait: 90m", "wait: 90m\n    duplicate: skip", 19, "duplicate: is not for bundles"),
        ("  orders:\n    shape: file", "  orders:\n    shape: package", 12, "sent as they are"),
        ("unit: 1, level: 2", "unit: 1, levle: 2", 16, "did you mean level?"),
    ],
)
def test_each_mistake_has_its_line_and_a_sentence(
    tmp_path: Path, write: Write, find: str, put: str, line: int, told: str
) -> None:
    assert find in FEEDS
    faults = _faults(tmp_path, FEEDS.replace(find, put))
    assert any(fault.startswith(f"line {line}: ") and told in fault for fault in faults), faults


def _without_map() -> bytes:
    text = manifest("Groups", [GROUPS])
    start, end = text.index("<EntityMapList>"), text.index("</EntityMapList>")
    return zipped(
        {"Manifest.xml": (text[:start] + "<EntityMapList>" + text[end:]).encode(), "PackageHeader.xml": b"<x/>"}
    )


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"no zip", "is no zip that can be read"),
        (zipped({"a/Manifest.xml": b"<x/>"}), "folder-in-package"),
        (zipped({"Manifest.xml": manifest("G", [GROUPS]).encode()}), "no-package-header"),
        (zipped({"Manifest.xml": b"<x", "PackageHeader.xml": b"<x/>"}), "Manifest.xml that cannot be read"),
        (_without_map(), "no-field-map"),
        (
            zipped({"Manifest.xml": manifest("G", [GROUPS, CUSTOMERS]).encode(), "PackageHeader.xml": b"<x/>"}),
            "missing-member: Customers V3.csv of Customers V3",
        ),
        (
            zipped({"Manifest.xml": manifest("G", [GROUPS, GROUPS]).encode(), "PackageHeader.xml": b"<x/>"}),
            "'Customer groups' 2 times",
        ),
    ],
)
def test_a_template_that_no_package_can_be_made_from_is_told_with_the_feeds(
    tmp_path: Path, write: Write, content: bytes, told: str
) -> None:
    write("groups.zip", content)
    faults = _faults(tmp_path)
    assert any(fault.startswith("line 7: feeds.groups.template: ") and told in fault for fault in faults), faults


def test_faults_of_templates_and_of_other_keys_are_told_at_once(tmp_path: Path, write: Write) -> None:
    text = FEEDS.replace("templates/groups.zip", "templates/none.zip").replace("wait: 90m", "wait: 90")
    faults = _faults(tmp_path, text.replace('"customers-{key}.csv"', '"customers.csv"'))
    assert [fault.split(":")[0] for fault in faults] == ["line 7", "line 16", "line 18"]


def test_the_manifest_of_a_template_is_the_same_but_for_the_order(tmp_path: Path, write: Write) -> None:
    template = _load(tmp_path).feeds["groups"].template
    assert template is not None
    assert dict(template.parts)["Manifest.xml"] == b"\xff\xfe" + manifest("Groups", [GROUPS]).encode("utf-16-le")
    assert read_manifest(dict(template.parts)["Manifest.xml"]).entities[0].late_elements == ()


_PIECES = st.text(st.sampled_from("ab."), max_size=3)
_PATTERNS = st.builds(lambda before, after: before + "{key}" + after, _PIECES, _PIECES)


@given(_PATTERNS, _PATTERNS, st.text(st.sampled_from("ab."), min_size=1, max_size=6))
def test_a_name_that_fits_two_patterns_is_one_of_those_that_overlap(one: str, other: str, key: str) -> None:
    name = named(one, key)
    assert key_in(one, name) == key
    if key_in(other, name) is not None:
        assert overlap(one, other)
    elif overlap(one, other):
        (head, _, tail), (head2, _, tail2) = one.partition("{key}"), other.partition("{key}")
        both = max(head, head2, key=len) + "-" + max(tail, tail2, key=len)
        assert key_in(one, both) is not None
        assert key_in(other, both) is not None


@pytest.mark.parametrize(
    "name", ["a\\b.csv", "a\nb.csv", "a\x00.csv", " a.csv", "a.csv ", "manifest.XML", "a\ufffe.csv", "a\x85.csv"]
)
def test_names_that_cannot_stand_in_a_package_are_known(name: str) -> None:
    assert why_unfit(name, ["Manifest.xml"])


@pytest.mark.parametrize("name", ["Größe & <Preis> 100%.csv", "漢字.xml", "a b.csv", "e\u0301\u200d.csv", "😀.csv"])
def test_other_names_may(name: str) -> None:
    assert not why_unfit(name, ["Manifest.xml"])
