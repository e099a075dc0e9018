"""The templates of this checkout, read once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.bicep.template import Resource, Template, read_template

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"
FILES = {path.relative_to(INFRA).as_posix(): path for path in sorted(INFRA.rglob("*.bicep"))}


@pytest.fixture(scope="session")
def templates() -> dict[str, Template]:
    """Every Bicep file by its path below infra/."""
    return {name: read_template(path) for name, path in FILES.items()}


def resources_of(templates: dict[str, Template], kind: str) -> Iterator[tuple[str, Resource]]:
    """(file, resource) of every resource of a type that is made here, not only referred to."""
    for name, template in templates.items():
        for resource in template.resources:
            if resource.type == kind and not resource.existing:
                yield name, resource
