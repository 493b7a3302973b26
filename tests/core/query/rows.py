"""Rows as plain Python values, read from the text of a file: what expressions are compared with."""

import ipaddress
from decimal import Decimal
from typing import Any

Row = dict[str, Any]


def value(type_: str, cell: str) -> Any:
    """One element: int, Decimal (exact), address, or text without quotes; None for an empty cell."""
    base = type_.removesuffix(":R")
    if base == "S":
        return cell[1:-1]
    if base in ("SC", "C", "text") or "_" in base:
        return cell
    if cell == "":
        return None
    if base.startswith("IP"):
        return None if cell == "-" else ipaddress.ip_address(cell)
    if base == "MAC":
        return cell
    if base in ("F", "D", "D9", "U64.U32"):
        return Decimal(cell)
    return int(cell, 16 if base.startswith("H") else 10)


def rows(names: list[str], types: dict[str, str], lines: list[str]) -> list[Row]:
    """Values of lines by column name; lists for columns of lists; the cells' text under ``name:text``."""
    found = []
    for line in lines:
        row: Row = {}
        for name, cell in zip(names, line.split("\t"), strict=True):
            row[f"{name}:text"] = cell
            parts = cell.split(";") if types[name].endswith(":R") else [cell]
            values = [value(types[name], part) for part in parts]
            row[name] = values if types[name].endswith(":R") else values[0]
        found.append(row)
    return found
