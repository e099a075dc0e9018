"""The reckoning finds what it is there to find: each planted loss, double and early acknowledgement."""

from __future__ import annotations

import pytest

from local.soak.account import (
    ExportAccount,
    Fate,
    Landed,
    Places,
    Produced,
    Reckoning,
    exceeded,
    fates,
    foreign,
    judge_exports,
    loaded_again,
)

A_FILE = Landed(path="held/USMF/a.csv", sha256="a")
RESENDABLE = Landed(path="resent/USMF/a.csv", sha256="a", may_resend=True)
TO_REFUSE = Landed(path="held/XXXX/a.csv", sha256="a", refusable=True)
IN_ARCHIVE = Places(archive={"a"})
IN_LANDING = Places(landing={"a"})
HELD = Places(landing={"a"}, held={A_FILE.path})


@pytest.mark.parametrize(
    ("file", "times", "places", "fate"),
    [
        (A_FILE, 1, IN_ARCHIVE, Fate.ONCE),
        (A_FILE, 0, IN_ARCHIVE, Fate.LOST),
        (A_FILE, 0, Places(), Fate.LOST),
        (A_FILE, 1, Places(), Fate.LOST),
        (A_FILE, 2, IN_ARCHIVE, Fate.TWICE_UNASKED),
        (A_FILE, 2, HELD, Fate.TWICE_UNASKED),
        (RESENDABLE, 2, IN_ARCHIVE, Fate.TWICE_ASKED),
        (RESENDABLE, 2, Places(), Fate.LOST),
        (A_FILE, 0, HELD, Fate.HELD),
        (A_FILE, 1, HELD, Fate.HELD_LOADED),
        (A_FILE, 0, IN_LANDING, Fate.LEFT),
        (A_FILE, 1, IN_LANDING, Fate.LEFT),
        (A_FILE, 0, Places(held={A_FILE.path}), Fate.LOST),
        (A_FILE, 0, Places(rejected={"a"}), Fate.MISJUDGED),
        (TO_REFUSE, 0, Places(rejected={"a"}), Fate.REJECTED),
        (TO_REFUSE, 1, Places(rejected={"a"}), Fate.MISJUDGED),
        (TO_REFUSE, 0, IN_LANDING, Fate.MISJUDGED),
    ],
)
def test_a_file_has_the_fate_that_f_and_o_and_the_containers_tell(
    file: Landed, times: int, places: Places, fate: Fate
) -> None:
    assert fates([file], {"a": times} if times else {}, places) == {file.path: fate}


def test_one_lost_file_is_found_among_a_thousand() -> None:
    files = [Landed(path=f"held/USMF/{n}.csv", sha256=str(n)) for n in range(1000)]
    taken = {file.sha256: 1 for file in files if file.sha256 != "500"}
    found = fates(files, taken, Places(archive={file.sha256 for file in files}))
    assert [path for path, fate in found.items() if fate is not Fate.ONCE] == ["held/USMF/500.csv"]


def test_bytes_that_nobody_landed_are_told() -> None:
    assert foreign([A_FILE], {"a": 1, "half of a": 1}) == ["half of a"]


def _message(sha256: str | None = "e", acknowledged: bool = True) -> Produced:
    return Produced(blob_id="1", sha256=sha256, acknowledged=acknowledged)


def test_an_export_that_was_complete_when_it_was_acknowledged_is_stored_once() -> None:
    account = judge_exports([_message()], ["e"], {"1": [True]})
    assert (account.stored_once, account.acknowledged_early, account.unwitnessed) == (["1"], [], [])


def test_an_acknowledged_export_that_is_not_in_the_lake_is_lost() -> None:
    assert judge_exports([_message()], ["other"], {"1": [True]}).lost == ["1"]


def test_a_commit_marker_without_its_file_does_not_save_an_export() -> None:
    assert judge_exports([_message()], [""], {"1": [False]}).lost == ["1"]


def test_two_commit_markers_of_one_content_are_stored_twice() -> None:
    assert judge_exports([_message()], ["e", "e"], {"1": [True]}).stored_twice == ["1"]


def test_an_acknowledgement_before_the_content_was_complete_is_early_even_if_it_was_stored_later() -> None:
    account = judge_exports([_message()], ["e"], {"1": [False, True]})
    assert (account.stored_once, account.acknowledged_early) == (["1"], ["1"])


def test_an_acknowledgement_that_nobody_could_check_is_told_as_such() -> None:
    assert judge_exports([_message()], ["e"], {"1": [None]}).unwitnessed == ["1"]


def test_an_export_that_was_never_acknowledged_is_left_in_the_queue() -> None:
    assert judge_exports([_message(acknowledged=False)], ["e"], {}).left == ["1"]


def test_a_message_without_a_file_needs_no_place_in_the_lake() -> None:
    account = judge_exports([_message(sha256=None)], [], {})
    assert (account.without_file, account.lost, account.unwitnessed, account.produced) == (["1"], [], [], 1)


def test_a_cap_is_exceeded_by_one_more_and_not_by_as_many() -> None:
    assert exceeded({"all": 4, "one": 1, "idle": 2}, {"all": 4, "one": 2}) == {"one": (2, 1)}


def test_files_that_are_parked_or_sent_again_without_need_are_told() -> None:
    landed = [Landed(path=f"resent/USMF/{n}.csv", sha256=str(n), may_resend=True) for n in range(3)]
    taken = {file.sha256: 3 for file in landed}
    held = {f"held/USMF/{n}.csv": Fate.HELD for n in range(5)}
    account = ExportAccount()
    told = Reckoning(fates=held, foreign=[], again=loaded_again(landed, taken), exports=account, caps={}, most={})
    assert told.broken() == []
    assert told.unexcused(6) == []
    assert told.unexcused(5) == ["6 loads were repeated, and only 5 sends had no answer"]
    assert len(told.unexcused(4)) == 2
