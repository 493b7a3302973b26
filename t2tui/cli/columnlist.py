"""The columns of a file: numbers, names, types, meanings."""

from t2tui.cli.table import aligned
from t2tui.cli.tables import How, open_input
from t2tui.cli.terminal import printable


def list_of(path: str, is_csv: bool, how: How) -> str:
    """Return one line per column.

    Args:
        path: the file.
        is_csv: it is CSV.
        how: a capture is analysed.

    Raises:
        Failure: the file cannot be read.
    """
    source = open_input(path, is_csv=is_csv, how=how)
    rows = [
        (str(number), printable(column.name), column.type, column.unit, column.description)
        for number, column in enumerate(source.columns, 1)
    ]
    return aligned(rows, numbers=[0]) + "\n"
