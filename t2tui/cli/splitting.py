"""Rows into one file per status column."""

from collections.abc import Iterable
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from t2tui.cli.exits import USAGE, Failure
from t2tui.cli.tables import Input, Piece
from t2tui.core.outputs import Outputs
from t2tui.core.query.comparing import truth
from t2tui.core.query.vectors import per_row, truths

STATUS = "Stat"
"""End of the names of status columns: dnsStat, httpStat and so on."""

EVERYWHERE = "flowStat"
"""The status column that no flow has as 0."""


def split_rows(
    prefix: str,
    path: str,
    source: Input,
    selected: Iterable[tuple[Piece, NDArray[np.int64]]],
    *,
    header: bool,
) -> bool:
    """Write ``PREFIX_NAME.txt`` for each status column, with the rows in which it is not 0.

    A file appears only if there is such a row, and only when all are complete.

    Args:
        prefix: what names of files begin with.
        path: the input, which must not be written.
        source: the same as a table.
        selected: tables, and rows of them.
        header: files begin with the line of column names.

    Returns:
        Whether there was a row.

    Raises:
        Failure: the input has no status column.
        OutputError: a file cannot be written.
    """
    names = [column.name for column in source.columns]
    status = [name for name in names if name.endswith(STATUS) and name != EVERYWHERE]
    if not status:
        raise Failure(
            f"--split: no status column ({STATUS} at the end of its name) beside {EVERYWHERE}", USAGE
        )
    ending = ".csv" if source.separator == "," else ".txt"
    files: dict[str, BinaryIO] = {}
    found = False
    with Outputs(prefix, [path]) as outputs:
        for table, rows in selected:
            found = True
            for name in status:
                vector = table.vector(name, rows)
                chosen = rows[per_row(truths(truth(vector), vector))]
                if not len(chosen):
                    continue
                if name not in files:
                    files[name] = outputs.open(f"_{name}{ending}")
                    if header:
                        files[name].write(source.header)
                files[name].write(table.lines(chosen))
    return found
