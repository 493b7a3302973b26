"""Kernels: arguments and results of every kind, and machine code that later processes load without numba."""

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from t2tui.core import jit
from t2tui.core.jit import inlined, kernel
from t2tui.core.memory import be16, le32
from t2tui.core.native import Store, UnsupportedTypeError

RECORD = np.dtype([("number", "i8"), ("single", "f4")], align=True)


class Pair(NamedTuple):
    first: np.ndarray
    second: np.ndarray


@inlined
def doubled(x):
    return x * 2


@kernel
def everything(array, strided, table, record, pair, number, real, flag, small):
    total = np.int64(0)
    for value in array:
        total += np.int64(value)
    for value in strided:
        total += doubled(np.int64(value))
    for row in range(table.shape[0]):
        total += table[row, 1]
    record.number = total
    record.single = real
    total += pair.first[0] * 1000 + pair.second[1] * 10_000
    if flag:
        total += number
    return total, np.float64(real) * 2 + np.float64(small)


@kernel
def is_large(x):
    return x > 10


@kernel
def fill(array, value):
    array[:] = value


@kernel
def words(data, position):
    return be16(data, position) + le32(data, position + 2)


def test_arrays_records_tuples_and_numbers_arrive():
    record = np.zeros(2, RECORD)
    table = np.arange(6).reshape(3, 2)
    pair = Pair(np.array([3], np.int64), np.array([0, 4], np.int64))
    strided = np.arange(10, dtype=np.uint8)[::3]
    result = everything(
        np.arange(4, dtype=np.uint16), strided, table, record[1], pair, 7, 1.5, True, np.float32(0.25)
    )
    total = 6 + 2 * (0 + 3 + 6 + 9) + (1 + 3 + 5)
    assert result == (total + 3000 + 40_000 + 7, 3.25)
    assert record[1]["number"] == total
    assert record[1]["single"] == 1.5
    assert record[0]["number"] == 0


def test_results():
    assert is_large(11) is True
    assert is_large(-3) is False
    array = np.zeros(3)
    assert fill(array, 2.5) is None
    assert array.tolist() == [2.5] * 3


def test_other_types_make_other_code():
    assert is_large(10.5) is True
    assert is_large(np.uint8(200)) is True
    assert words(np.arange(16, dtype=np.uint8), 1) == 0x0102 + 0x06050403


def test_arguments_that_cannot_be_passed_are_named():
    with pytest.raises(UnsupportedTypeError, match="str"):
        is_large("11")


def test_intrinsics_are_for_kernels():
    with pytest.raises(TypeError, match="kernels only"):
        be16(np.zeros(4, np.uint8), 0)


PROGRAM = """
import sys
import numpy as np
sys.path.insert(0, {folder!r})
import shared_kernel
print(shared_kernel.add(np.arange(5), 3), "numba" in sys.modules)
"""

MODULE = """
from pathlib import Path
from t2tui.core import jit
jit.STORE = jit.Store(Path({store!r}))

@jit.kernel
def add(values, more):
    total = more
    for value in values:
        total += value
    return total
"""


@pytest.fixture
def run(tmp_path):
    """Run a program that calls a kernel kept in a folder of its own."""
    store = tmp_path / "store"
    (tmp_path / "shared_kernel.py").write_text(MODULE.format(store=str(store)))

    def run() -> str:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM.format(folder=str(tmp_path))],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(jit.PACKAGE).parent,
        )
        return done.stdout.strip()

    return run


def test_a_later_process_loads_the_code_without_numba(run):
    assert run() == "13 True"
    assert run() == "13 False"


def test_damaged_code_is_compiled_anew(run, tmp_path):
    run()
    (kept,) = (tmp_path / "store").rglob("*.o")
    kept.write_bytes(kept.read_bytes()[:-100])
    assert run() == "13 True"
    assert run() == "13 False"


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    Store(blocked / "below").keep("name", (int,), "symbol", None, b"code")
    assert Store(blocked / "below").load("name", (int,), ()) is None
    assert Store(None).load("name", (int,), ()) is None
