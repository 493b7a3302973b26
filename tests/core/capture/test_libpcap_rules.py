"""libpcap is the oracle: same packets, times, faults, and the same bytes behind the packets."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.capture.files import DAMAGED, pcap_files, pcapng_files
from tests.core.capture.reading import assert_same

PRECISIONS = st.sampled_from(["ns", "us"])


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("captures") / "a.pcap"


@given(pcap_files(), PRECISIONS)
def test_pcap_of_any_version_and_byte_order(path: Path, content: bytes, precision: str) -> None:
    path.write_bytes(content)
    assert_same(path, precision)


@given(pcapng_files(order="<"), PRECISIONS)
def test_pcapng_with_any_clock(path: Path, content: bytes, precision: str) -> None:
    path.write_bytes(content)
    assert_same(path, precision)


@given(pcapng_files(order=">"), PRECISIONS)
def test_pcapng_of_the_other_byte_order(path: Path, content: bytes, precision: str) -> None:
    # libpcap turns some fields of its buffer in place; they are not imitated
    path.write_bytes(content)
    assert_same(path, precision, behind=False)


@given(DAMAGED)
@settings(max_examples=300)
def test_faults_have_the_same_words_at_the_same_places(path: Path, content: bytes) -> None:
    # what follows a wrong length is read as if it were a record, with times on whose sign libraries differ
    path.write_bytes(content)
    assert_same(path, behind=False, times=False)


@given(st.one_of(pcap_files(), pcapng_files()), st.data())
def test_files_cut_anywhere(path: Path, content: bytes, data: st.DataObject) -> None:
    path.write_bytes(content[: data.draw(st.integers(12, len(content)))])
    assert_same(path, behind=False)
