"""Alarms: counting, and the rules of alarm mode against their description in plain Python."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2tui.core.alarms import AND, AND_REFERENCE, OR, Alarms, alarm_rule

FLOWS = 6
REPORTS = st.lists(st.dictionaries(st.integers(0, FLOWS - 1), st.integers(0, 3)), max_size=3)


def is_written(rule: str | None, numbers: list[int]) -> bool:
    """What the rule says of a flow for which plugins reported these numbers."""
    if rule is None:
        return True
    if rule == OR:
        return any(numbers)
    return rule == AND and bool(numbers) and all(numbers)


@given(reports=REPORTS, rule=st.sampled_from([None, OR, AND, AND_REFERENCE]))
def test_flows_are_written_by_the_rule(reports, rule):
    alarms = Alarms(rule)
    alarms.begin(FLOWS)
    for report in reports:
        alarms.report(np.array(list(report), np.intp), np.array(list(report.values()), np.int64))
    written = alarms.written()
    expected = [is_written(rule, [r[flow] for r in reports if flow in r]) for flow in range(FLOWS)]
    assert (list(written) if written is not None else [True] * FLOWS) == expected
    assert alarms.count == sum(sum(report.values()) for report in reports)
    assert alarms.flows == sum(map(len, reports))


def test_each_group_of_flows_is_decided_anew():
    alarms = Alarms(OR)
    alarms.begin(2)
    alarms.report(np.array([0]), np.array([5]))
    assert list(alarms.written()) == [True, False]
    alarms.begin(2)
    assert list(alarms.written()) == [False, False]


@pytest.mark.parametrize(
    ("mode", "rule", "expected"),
    [(0, 0, None), (0, 1, None), (1, 0, OR), (1, 1, AND), (1, 2, AND_REFERENCE)],
)
def test_rule_of_the_flags(mode, rule, expected):
    assert alarm_rule({"ALARM_MODE": mode, "ALARM_AND": rule}) == expected
