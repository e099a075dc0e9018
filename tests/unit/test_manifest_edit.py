"""A manifest is changed where it must be, and nowhere else."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.samples.package import Member, manifest
from shared.formats.manifest import read_manifest
from shared.formats.manifest_edit import rewritten
from shared.formats.manifest_walk import NoManifest

GROUPS = Member(entity="Customer groups", content=b"CUSTOMERGROUPID,DESCRIPTION\r\n")
CUSTOMERS = Member(entity="Customers V3", content=b"CUSTOMERACCOUNT\r\n", level=2)
TEXT = manifest("Customers import", [GROUPS, CUSTOMERS])
NEW_NAME = "Gruppen & <Zürich> 100% 漢.csv"
ESCAPED = "Gruppen &amp; &lt;Zürich&gt; 100% 漢.csv"
ENCODINGS = {
    "UTF-16LE with a mark, as F&O writes it": (codecs.BOM_UTF16_LE, "utf-16-le", ""),
    "UTF-16BE with a mark": (codecs.BOM_UTF16_BE, "utf-16-be", ""),
    "UTF-8": (b"", "utf-8", ""),
    "UTF-8 with a mark": (codecs.BOM_UTF8, "utf-8", ""),
    "UTF-8 as declared": (b"", "utf-8", '<?xml version="1.0" encoding="utf-8"?>\n'),
    "UTF-16 as declared": (codecs.BOM_UTF16_LE, "utf-16-le", '<?xml version="1.0" encoding="utf-16"?>\r\n'),
}


@pytest.mark.parametrize(("mark", "encoding", "declaration"), ENCODINGS.values(), ids=ENCODINGS)
def test_one_text_changes_and_every_other_byte_stays(mark: bytes, encoding: str, declaration: str) -> None:
    before = mark + (declaration + TEXT).encode(encoding)
    after = rewritten(before, {"Customer groups": {"InputFilePath": NEW_NAME}})
    assert after == before.replace("Customer groups.csv".encode(encoding), ESCAPED.encode(encoding))
    assert [entity.file for entity in read_manifest(after).entities] == [NEW_NAME, "Customers V3.csv"]


def test_an_encoding_that_lacks_a_letter_gets_it_as_a_reference() -> None:
    before = ('<?xml version="1.0" encoding="iso-8859-1"?>' + TEXT.replace("import", "Einfuhr für")).encode("latin-1")
    after = rewritten(before, {"Customer groups": {"InputFilePath": "Zürich.csv"}})
    assert after == before.replace(b"Customer groups.csv", b"Z&#252;rich.csv")
    assert read_manifest(after).entities[0].file == "Zürich.csv"


def _entity(inner: str, tag: str = "DataManagementPackageEntityData") -> bytes:
    return f"<m xmlns:i='x' xmlns:d='y'><{tag}><EntityName> E </EntityName>{inner}</{tag}></m>".encode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<InputFilePath/>", "<InputFilePath>new.csv</InputFilePath>"),
        ("<InputFilePath></InputFilePath>", "<InputFilePath>new.csv</InputFilePath>"),
        ('<InputFilePath i:nil="true" />', "<InputFilePath>new.csv</InputFilePath>"),
        ("<InputFilePath note='a>b' i:nil='true'/>", "<InputFilePath note='a>b'>new.csv</InputFilePath>"),
        ("<InputFilePath note='/>'>a</InputFilePath >", "<InputFilePath note='/>'>new.csv</InputFilePath >"),
        ("<InputFilePath>a/><!-- c --><![CDATA[b]]></InputFilePath>", "<InputFilePath>new.csv</InputFilePath>"),
        ("<d:InputFilePath/>\n <SourceFormat/>", "<d:InputFilePath>new.csv</d:InputFilePath>\n <SourceFormat/>"),
        ("<A><InputFilePath>inner</InputFilePath></A>", None),
    ],
)
def test_every_way_of_writing_an_element_is_found(before: str, after: str | None) -> None:
    if after is None:
        after = before + "<InputFilePath>new.csv</InputFilePath>"
    assert rewritten(_entity(before), {"E": {"InputFilePath": "new.csv"}}) == _entity(after)


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        ("<ExecutionUnit>1</ExecutionUnit><SourceFormat/>", "<ExecutionUnit>1</ExecutionUnit>NEW<SourceFormat/>"),
        ("\n  <EntityTransformList/>", "\n  <EntityTransformList/>NEW"),
        ("\n  <ValidationStatus/>\n", "\n  NEW<ValidationStatus/>\n"),
    ],
)
def test_a_missing_element_is_put_where_the_alphabet_has_it(inner: str, expected: str) -> None:
    new = "<LevelInExecutionUnit>2</LevelInExecutionUnit>"
    after = rewritten(_entity(inner), {"E": {"LevelInExecutionUnit": "2"}})
    assert after == _entity(expected.replace("NEW", new))
    assert read_manifest(after).entities[0].late_elements == ()


def test_a_new_element_has_the_prefix_of_its_entity() -> None:
    after = rewritten(_entity("", "d:DataManagementPackageEntityData"), {"E": {"SequenceInLevel": "3"}})
    assert b"<d:SequenceInLevel>3</d:SequenceInLevel>" in after


def test_several_elements_of_several_entities_change_at_once_and_keep_their_order() -> None:
    places = {"ExecutionUnit": "1", "LevelInExecutionUnit": "7", "SequenceInLevel": "2", "InputFilePath": "x.csv"}
    before = codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le")
    after = rewritten(before, {"Customers V3": places, "Customer groups": {"LevelInExecutionUnit": "9"}})
    expected = TEXT.replace("<LevelInExecutionUnit>1<", "<LevelInExecutionUnit>9<")
    head, tail = expected.split("<EntityName>Customers V3")
    tail = tail.replace("InExecutionUnit>2<", "InExecutionUnit>7<").replace("Level>1<", "Level>2<")
    tail = tail.replace("Customers V3.csv", "x.csv")
    assert after[2:].decode("utf-16-le") == f"{head}<EntityName>Customers V3{tail}"


@pytest.mark.parametrize("content", [b"", b"no xml", b"<a>", b"<!DOCTYPE m><m/>", _entity("") * 2])
def test_what_is_no_manifest_is_refused(content: bytes) -> None:
    with pytest.raises(NoManifest):
        rewritten(content, {})


def test_an_entity_that_is_not_there_or_twice_is_refused() -> None:
    with pytest.raises(NoManifest, match="'Vendors' 0 times"):
        rewritten(TEXT.encode(), {"Vendors": {}})
    with pytest.raises(NoManifest, match="'Customer groups' 2 times"):
        rewritten(manifest("P", [GROUPS, GROUPS]).encode(), {"Customer groups": {}})


_WORDS = st.text(
    st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=40
)


@given(_WORDS, st.sampled_from(list(ENCODINGS.values())))
def test_any_name_is_read_back_and_writing_it_again_changes_nothing(name: str, how: tuple[bytes, str, str]) -> None:
    mark, encoding, declaration = how
    changes = {"Customers V3": {"InputFilePath": name}}
    after = rewritten(mark + (declaration + TEXT).encode(encoding), changes)
    assert read_manifest(after).entities[1].file == name.strip()
    assert rewritten(after, changes) == after


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_or_left_alone(content: bytes) -> None:
    try:
        assert rewritten(content, {}) == content
    except NoManifest:
        return
