"""The filter language: expressions over the columns of flows and packets (docs/filter.md).

>>> from t2tui.core.query import compile_filter
>>> compile_filter("$dstPort == 80 && $pktsSnt > 10", flows).indices(flows)  # doctest: +SKIP
"""

from t2tui.core.query.completion import Candidate, Completion, complete
from t2tui.core.query.errors import QueryError
from t2tui.core.query.filters import (
    Expression,
    Filter,
    compile_expression,
    compile_expressions,
    compile_filter,
)
from t2tui.core.query.functions import functions
from t2tui.core.query.lexer import quoted
from t2tui.core.query.vectors import Kind, Table, Vector

__all__ = [
    "Candidate",
    "Completion",
    "Expression",
    "Filter",
    "Kind",
    "QueryError",
    "Table",
    "Vector",
    "compile_expression",
    "compile_expressions",
    "compile_filter",
    "complete",
    "functions",
    "quoted",
]
