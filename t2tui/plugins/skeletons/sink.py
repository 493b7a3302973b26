"""skeleton: writes flows as JSON, one object per line."""

import json
from collections.abc import Iterator
from typing import Any

from t2tui.core.figures import amount
from t2tui.core.settings import Flag
from t2tui.plugins.base import Run
from t2tui.plugins.callbacks import RowSink


class SkeletonPlugin(RowSink):
    """Writes flows."""

    name = "skeleton"
    number = 0
    version = "0.1.0"
    summary = "flows as lines of JSON: PREFIX_skeleton.txt"
    flags = (Flag("SKELETON_SUFFIX", "_skeleton.txt", help="suffix of the file"),)

    def start(self, run: Run) -> None:
        """Open the file; it gets its name when the run is complete."""
        super().start(run)
        self.flows = 0
        self.file = run.outputs.open(self.settings.SKELETON_SUFFIX)

    def on_row(self, row: dict[str, Any]) -> None:
        """Write a flow: its values by name of the column."""
        self.flows += 1
        self.file.write(f"{json.dumps(row)}\n".encode())

    def report(self) -> Iterator[str]:
        """Yield the lines of the end report."""
        yield f"Number of flows: {amount(self.flows)}"

    def finish(self) -> None:
        """Close the file."""
        self.file.close()
