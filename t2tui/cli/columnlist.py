"""The columns of a file: numbers, names, types, meanings."""

from collections.abc import Mapping
from typing import Any

from t2tui.cli.table import aligned
from t2tui.cli.tables import open_input
from t2tui.cli.terminal import printable


def list_of(path: str, options: Mapping[str, Any]) -> str:
    """Return one line per column.

    Raises:
        Failure: the file cannot be read.
    """
    source = open_input(
        path,
        is_csv=options["csv"],
        packets=options["packets"],
        plugins=options["plugins"],
        settings=options["settings"],
        known=options["known"],
    )
    rows = [
        (str(number), printable(column.name), column.type, column.unit, column.description)
        for number, column in enumerate(source.columns, 1)
    ]
    return aligned(rows, numbers=[0]) + "\n"
