"""The exercise capture: script and reader are found as top-level modules."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
SAMPLE_DATA = HERE.parents[1] / "sample_data"
sys.path[:0] = [str(SAMPLE_DATA), str(HERE)]

from exercise_reader import Packet, read  # noqa: E402
from make_exercise import make_exercise  # noqa: E402


@pytest.fixture(scope="session")
def exercise() -> bytes:
    """The pcap file as the script makes it."""
    return make_exercise()


@pytest.fixture(scope="session")
def packets(exercise: bytes) -> list[Packet]:
    """Its packets, read without dpkt."""
    return read(exercise)
