"""Beginnings of plugins: the modules beside this one, under other names.

They are whole plugins with their tests; ``write_plugin`` copies one and puts in name and number.
"""

import re
from collections.abc import Collection
from pathlib import Path
from typing import Literal

from t2tui.core.outputs import Outputs

Kind = Literal["callbacks", "kernel", "sink"]

TESTS: dict[Kind, str] = {"callbacks": "flows_test", "kernel": "flows_test", "sink": "sink_test"}
"""Kind, which is also the name of the module -> module with the test."""

FIRST_NUMBER = 500
"""Numbers of plugins that are begun without one, if it is free."""
FIRST_SINK = 970
"""The same of sinks, which are 9xx."""
LAST_NUMBER = 999


def free_number(taken: Collection[int], kind: Kind) -> int:
    """Return the first number from FIRST_NUMBER or FIRST_SINK on that no plugin has.

    Raises:
        ValueError: all of them are taken.
    """
    first = FIRST_SINK if kind == "sink" else FIRST_NUMBER
    for number in range(first, LAST_NUMBER + 1):
        if number not in taken:
            return number
    raise ValueError(f"all numbers from {first} to {LAST_NUMBER} are taken")


def write_plugin(folder: Path, name: str, number: int, kind: Kind) -> tuple[Path, Path]:
    """Write a plugin and its test.

    Args:
        folder: where; it is made if it is not there.
        name: of the plugin.
        number: of the plugin, 0 to 999.
        kind: called per packet and flow, per batch, or per flow that is written.

    Returns:
        The files of the plugin and of its test.

    Raises:
        FileExistsError: one of them is there already; nothing is written then.
        OSError: they cannot be written; none of them is there then.
    """
    plugin, test = folder / f"{number:03}_{name}.py", folder / f"test_{name}.py"
    for path in (plugin, test):
        if path.exists() or path.is_symlink():
            raise FileExistsError(17, "there is such a file already", str(path))
    with Outputs("") as outputs:
        for path, module in ((plugin, kind), (test, TESTS[kind])):
            text = _named(Path(__file__).with_name(f"{module}.py").read_text("utf-8"), name, number)
            outputs.open_path(path).write(text.encode())
    return plugin, test


def _named(text: str, name: str, number: int) -> str:
    """Put name and number into a skeleton."""
    words = {
        "skeleton": name,
        "Skeleton": name[0].upper() + name[1:],
        "SKELETON": name.upper(),
        "number = 0\n": f"number = {number}\n",
    }
    return re.sub("|".join(words), lambda match: words[match[0]], text)
