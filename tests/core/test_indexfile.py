"""Lists of flow indices."""

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2tui.core.indexfile import IndexFileError, read_indices

INDICES = st.lists(st.integers(1, 2**64 - 1), min_size=1, max_size=20)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lists") / "list"


@given(INDICES, st.sampled_from([b"\n", b"\r\n", b"\tA\t0x1\n", b" # 7\n"]), st.booleans())
def test_text_and_binary_lists_are_the_same(path: Path, indices: list[int], end: bytes, marked: bool) -> None:
    wanted = sorted(set(indices))
    path.write_bytes(b"\xef\xbb\xbf" * marked + b"".join(b"%d%s" % (index, end) for index in indices))
    text = read_indices(path)
    assert (text.indices.tolist(), text.announced, text.found) == (wanted, len(indices), len(indices))
    path.write_bytes(struct.pack(f"<{len(indices) + 1}Q", len(indices), *indices))
    binary = read_indices(path, binary=True)
    assert (binary.indices.tolist(), binary.announced, binary.found) == (wanted, len(indices), len(indices))


def test_the_bytes_of_a_list_tell_whether_it_is_binary(path: Path) -> None:
    path.write_bytes(struct.pack("<3Q", 0x31, 0x32, 0x33))  # begins with a digit
    assert read_indices(path).indices.tolist() == [0x32, 0x33]


def test_lines_that_do_not_begin_with_a_digit_and_numbers_beyond_64_bits_do_not_count(path: Path) -> None:
    path.write_text(f"%flowInd\n\n 5\n-6\nA\t7\n{2**64}\n8.5\n{'9' * 400}\n0x10\n")
    assert read_indices(path).indices.tolist() == [0, 8]


@given(INDICES, st.integers(1, 2**32 - 1), st.integers(0, 7))
def test_a_binary_list_may_have_other_than_the_announced_number(
    path: Path, indices: list[int], announced: int, rest: int
) -> None:
    count = announced | 0xABCD << 32  # the upper half does not count
    path.write_bytes(struct.pack(f"<{len(indices) + 1}Q", count, *indices) + bytes(rest))
    read = read_indices(path, binary=True)
    taken = indices[:announced]
    assert (read.indices.tolist(), read.announced, read.found) == (sorted(set(taken)), announced, len(taken))


@pytest.mark.parametrize("content", [b"", b"%flowInd\n", b"A\tB\n", bytes(8), b"\0"])
def test_a_list_without_index_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(IndexFileError, match="No usable information in file") as refused:
        read_indices(path)
    assert str(path) in refused.value.message
    assert "flowInd" in refused.value.hint


def test_a_list_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(IndexFileError, match="No such file"):
        read_indices(tmp_path / "missing")
    with pytest.raises(IndexFileError, match="Is a directory"):
        read_indices(tmp_path)
    with pytest.raises(IndexFileError, match="null"):
        read_indices("a\0b")
