"""Alarms of plugins, and which flows they let through in alarm mode (docs/alarms.md)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

OR, AND, AND_REFERENCE = "or", "and", "and-reference"
"""How the alarms of several plugins decide about a flow in alarm mode.

``or``: one plugin with an alarm suffices. ``and``: at least one reported, and none of those that reported
had nothing to report. ``and-reference``: what T2 0.9.3 really does with ALARM_AND=1, which writes no flow.
"""


def alarm_rule(settings: Mapping[str, int]) -> str | None:
    """Return the rule that the engine's flags ask for, None outside of alarm mode.

    Args:
        settings: values of ALARM_MODE and ALARM_AND.
    """
    return (OR, AND, AND_REFERENCE)[settings["ALARM_AND"]] if settings["ALARM_MODE"] else None


@dataclass
class Alarms:
    """Counts alarms, and decides about the flows that just ended.

    Attributes:
        rule: OR, AND or AND_REFERENCE; None outside of alarm mode, then every flow is written.
        count: all alarms so far (numAlarms).
        flows: flows for which a plugin reported, also with none to report (numAlarmFlows).
    """

    rule: str | None = None
    count: int = 0
    flows: int = 0
    _raised: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))
    _refused: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))

    def begin(self, flows: int) -> None:
        """Begin with flows that ended together.

        Args:
            flows: their number.
        """
        if self.rule is not None:
            self._raised = np.zeros(flows, bool)
            self._refused = np.zeros(flows, bool)

    def report(self, flows: NDArray[np.intp], numbers: NDArray[np.int64]) -> None:
        """Report alarms; a plugin calls this at most once per flow, in on_released.

        Args:
            flows: places in the slots that on_released got.
            numbers: alarms of each; only whether it is above 0 decides about the flow.
        """
        self.flows += len(flows)
        self.count += int(numbers.sum())
        if self.rule is not None:
            self._raised[flows[numbers > 0]] = True
            self._refused[flows[numbers <= 0]] = True

    def written(self) -> NDArray[np.bool_] | None:
        """Return which of the flows are written, None for all."""
        if self.rule is None:
            return None
        if self.rule == OR:
            return self._raised
        if self.rule == AND:
            return self._raised & ~self._refused
        return np.zeros(len(self._raised), bool)
