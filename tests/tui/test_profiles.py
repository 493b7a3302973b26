from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2tui.core.columns import all_columns
from t2tui.tui.memory import Memory
from t2tui.tui.profiles import BUILT_IN, SECTION, Profile, Profiles

NAMES = st.sampled_from(["a", "b", "c", "d"])


@pytest.mark.parametrize("name", BUILT_IN)
def test_profiles_that_are_built_in_name_columns_that_exist(name: str) -> None:
    known = {column.name for column in all_columns() if column.file == "flows"}
    assert set(BUILT_IN[name].columns) <= known
    assert BUILT_IN[name].text


def test_profiles_are_remembered_under_their_names(tmp_path: Path) -> None:
    mine = Profile(("srcIP", "dir"), ("dstIP",), True, "srcIP", {"srcIP": 20})
    profiles = Profiles(Memory(tmp_path))
    profiles.save("mine", mine)
    profiles.save("other", Profile(("dir",), has_rest=False))
    profiles.save_last(mine)
    again = Profiles(Memory(tmp_path))
    assert list(again.all()) == [*BUILT_IN, "mine", "other"]
    assert again.all()["mine"] == again.last() == mine
    again.delete("other")
    assert list(again.own()) == ["mine"]
    with pytest.raises(ValueError, match="built in"):
        again.save("tcp", mine)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("profiles = 1", "must be a table"),
        ("[profiles]\nx = 1", "must be a table"),
        ("[profiles.x]\ncolumns = 'a'", "list of names"),
        ("[profiles.x]\nhidden = [1]", "list of names"),
        ("[profiles.x]\nwidths = {a = 'b'}", "whole numbers"),
        ("[profiles.x]\nfrozen = 3", "frozen"),
        ("profiles = ", "not read"),
    ],
)
def test_what_is_no_profile_is_passed_over_with_a_warning(tmp_path: Path, text: str, words: str) -> None:
    memory = Memory(tmp_path)
    memory.path(SECTION).write_text(text, "utf-8")
    assert Profiles(memory).all() == BUILT_IN
    assert len(memory.warnings) == 1
    assert words in memory.warnings[0]


@given(
    st.lists(NAMES, unique=True), st.lists(NAMES, unique=True), st.booleans(), st.lists(NAMES, unique=True)
)
def test_a_profile_shows_something_of_every_table(
    listed: list[str], hidden: list[str], has_rest: bool, names: list[str]
) -> None:
    shown = Profile(tuple(listed), tuple(hidden), has_rest).shown(names)
    assert bool(shown) == bool(names)
    assert len(set(shown)) == len(shown)
    assert set(shown) <= set(names)
    assert shown[: len(set(listed) & set(names))] == [name for name in listed if name in names] or not listed
