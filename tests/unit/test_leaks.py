"""The scan of all output finds what it is there to find."""

from __future__ import annotations

import pytest

from tests.leaks import leaks_in

pytest_plugins = ["pytester"]


@pytest.mark.parametrize(
    ("output", "what"),
    [
        ("sending Authorization: Bearer abcdefgh.ijkl", "a token"),
        ("got eyJhbGciOiJSUzI1NiJ9.x.y", "a token"),
        ("fetching https://x.blob/y?sv=1&sig=Zm9vYmFyYmF6", "a signed URL"),
        ("DefaultEndpointsProtocol=http;AccountKey=" + "Q" * 40, "an account key"),
        ("client_secret=0123456789", "a secret"),
        ("row 1: Too long for its field", "row content"),
    ],
)
def test_a_planted_secret_is_found_and_not_repeated(output: str, what: str) -> None:
    (found,) = leaks_in(f"fine\n{output}\nfine")
    assert found.startswith(what)
    assert "Zm9v" not in found


def test_an_honest_line_is_left_alone() -> None:
    assert leaks_in("job.ended job_id=groups.20261114.ab rows_in=5 file=groups.csv sign-in refused") == []


def test_a_test_whose_log_leaks_fails(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("from tests.conftest import pytest_runtest_makereport")
    pytester.makepyfile(
        "import logging\n"
        "def test_leaks():\n    logging.getLogger('courier').warning('url=https://x/y?sig=%s', 'abcdefghijk')\n"
        "def test_is_silent():\n    pass\n"
    )
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*a signed URL*"])
