"""Conditions from cells: what ``=`` and ``!`` add to the filter."""

from t2tui.core.columns import Column
from t2tui.core.query.vectors import Kind, is_list, kind_of


def condition(column: Column, cell: str, is_kept: bool) -> str:
    """Return the condition that a column has, or has not, the value of a cell.

    Args:
        column: whose value.
        cell: text as in the flow file.
        is_kept: flows that have the value fulfil the condition; else those that do not.
    """
    value = cell[1:-1] if column.type == "S" and len(cell) > 1 and cell[0] == '"' == cell[-1] else cell
    kind = kind_of(column.type)
    if not value or kind in (Kind.TEXT, Kind.MAC, Kind.ADDRESS) or is_list(column.type) or "_" in value:
        value = quoted(value)
    return f"${column.name} {'==' if is_kept else '!='} {value}"


def quoted(text: str) -> str:
    """Return a text as the filter language writes it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def narrowed(filter_text: str, more: str) -> str:
    """Return a filter with one more condition."""
    if not filter_text.strip():
        return more
    if more in filter_text.split(" && "):
        return filter_text
    return f"{f'({filter_text})' if '||' in filter_text or ' or ' in filter_text else filter_text} && {more}"
