from hypothesis import given
from hypothesis import strategies as st

from t2tui.core.nearest import did_you_mean, nearest_names


@given(st.lists(st.text(min_size=1), unique_by=str.casefold), st.data())
def test_a_name_is_nearest_to_itself_whatever_its_case(names, data):
    if names:
        name = data.draw(st.sampled_from(names))
        assert nearest_names(name.upper(), names)[:1] in ([name], nearest_names(name, names)[:1])
        assert nearest_names(name, names)[0] == name


@given(st.text(), st.lists(st.text()))
def test_only_known_names_are_offered_and_at_most_three(name, known):
    offered = nearest_names(name, known)
    assert len(offered) <= 3
    assert set(offered) <= set(known)


def test_no_offer_without_names():
    assert did_you_mean([]) == ""
    assert did_you_mean(["a", "b"]) == "; did you mean a, b?"
