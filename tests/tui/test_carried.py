"""What is said of two runs of the same capture."""

from t2tui.tui.carried import MOST_NAMES, Result
from t2tui.tui.session import COMPLETE

BEFORE = Result(COMPLETE, {"packets": 5, "flows": 2}, ("dir", "flowInd"), ())


def test_runs_are_compared_in_words() -> None:
    after = Result(COMPLETE, {"packets": 5, "flows": 3}, ("dir", "duration"), ("dnsDecode",))
    assert after.compared(BEFORE) == (
        "flows 2 → 3; columns +duration -flowInd; switched off by an error +dnsDecode; the same packets"
    )
    assert BEFORE.compared(BEFORE) == "the same packets, flows, columns"


def test_of_many_columns_the_first_are_named() -> None:
    names = [f"column{number}" for number in range(50)]
    after = Result(COMPLETE, BEFORE.counts, (*BEFORE.columns, *names), ())
    told = after.compared(BEFORE)
    assert [name for name in names if name in told.replace(";", " ").replace("+", " ").split()] == names[
        :MOST_NAMES
    ]
    assert f"and {50 - MOST_NAMES} more" in told
