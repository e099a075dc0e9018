"""The reader of Bicep files: what it must see, so that the tests on the templates can be believed."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.bicep.syntax import BicepSyntaxError
from local.bicep.template import Template, read_template
from local.bicep.values import Expression

SAMPLE = """
@description('How many, 1 to 9.')
@minValue(1)
param count int = 3

@description('Who.')
param people { id: string }[]

var owner = 'b7e6'
var says = 'it\\'s ${owner}'

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = [for (person, place) in people: if (count > 1) {
  name: 'st${place}'
  properties: {
    keys: false
    days: -1
    words: ['a', owner]
  }

  resource blobs 'blobServices' existing = {
    name: person.id
  }
}]

module inner 'inner.bicep' = if (count == 1) {
  name: 'inner'
  params: {
    first: map(people, who => who.id)
  }
}

output place string = inner!.outputs.place
"""


@pytest.fixture
def sample(tmp_path: Path) -> Template:
    path = tmp_path / "sample.bicep"
    path.write_text(SAMPLE, encoding="utf-8")
    return read_template(path)


def test_a_parameter_has_its_type_default_and_description(sample: Template) -> None:
    count, people = sample.parameters["count"], sample.parameters["people"]
    assert (count.type, count.value, count.description) == ("int", 3, "How many, 1 to 9.")
    assert count.decorators == {"description", "minValue"}
    assert (people.type, people.has_value) == ("{ id: string }[]", False)


def test_a_resource_in_a_loop_with_a_condition_has_its_body(sample: Template) -> None:
    account, blobs = sample.resources
    assert (account.type, account.api_version, account.existing) == (
        "Microsoft.Storage/storageAccounts",
        "2025-06-01",
        False,
    )
    assert account.body["properties"] == {"keys": False, "days": -1, "words": ["a", "owner"]}
    assert (blobs.type, blobs.nested, blobs.existing) == ("blobServices", True, True)


def test_what_is_not_literal_stays_an_expression(sample: Template) -> None:
    assert isinstance(sample.resources[0].body["name"], Expression)
    assert isinstance(sample.variables["says"], Expression)
    assert not isinstance(sample.variables["owner"], Expression)


def test_a_module_has_its_file_and_what_it_is_given(sample: Template) -> None:
    (inner,) = sample.modules
    assert (inner.file, set(inner.given)) == ("inner.bicep", {"first"})
    assert sample.outputs_used == {("inner", "place")}


def test_names_given_and_names_used_are_told_apart(sample: Template) -> None:
    assert sample.used - sample.declared == set()
    assert sample.declared - sample.used == {"says", "account", "blobs"}
    assert "keys" not in sample.used
    assert "map" not in sample.used


def test_a_file_that_is_not_bicep_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "broken.bicep"
    path.write_text("param a string\nparam b = = 3\n", encoding="utf-8")
    with pytest.raises(BicepSyntaxError, match=r"broken\.bicep, line 2"):
        read_template(path)
