"""The shortcuts of the time-outs against the reference's arithmetic in single precision."""

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from t2tui.core.flows.create import FLOW_TIMEOUT
from t2tui.core.flows.lru import surely_older, surely_younger
from t2tui.core.flows.tcp import TCP_TIMEOUTS

SECOND = 10**9
TIMES = st.integers(0, (1 << 32) * SECOND - 1)
TIMEOUTS = st.sampled_from([FLOW_TIMEOUT, *TCP_TIMEOUTS]) | st.floats(2**-20, 2**30, width=32)


def age(now: int, last: int) -> np.float32:
    seconds = np.float32(now // SECOND - last // SECOND)
    return np.float32(float(seconds) + (now % SECOND - last % SECOND) / 1e9)


@given(last=TIMES, timeout=TIMEOUTS, beyond=st.integers(-(10**6), 10**6), part=st.integers(-30, 30))
@example(last=0, timeout=182.0, beyond=-5000, part=0)  # rounds to 182 s
@settings(max_examples=500)
def test_ages_outside_the_margin_are_decided_rightly(
    last: int, timeout: float, beyond: int, part: int
) -> None:
    value = np.array([timeout], np.float32)
    elapsed = int(float(value[0]) * 1e9)
    elapsed += beyond + part * (elapsed >> 23)
    younger, older = int(surely_younger(value)[0]), int(surely_older(value)[0])
    assert younger < older
    is_over = bool(age(last + elapsed, last) >= value[0])
    if elapsed < younger:
        assert not is_over
    if elapsed > older:
        assert is_over


@given(last=TIMES, now=TIMES, timeout=TIMEOUTS)
def test_any_two_times_are_decided_rightly(last: int, now: int, timeout: float) -> None:
    value = np.array([timeout], np.float32)
    is_over = bool(age(now, last) >= value[0])
    if now - last < int(surely_younger(value)[0]):
        assert not is_over
    if now - last > int(surely_older(value)[0]):
        assert is_over
