"""Everything that can be done: one table, from which keys, palette, buttons and help are made.

One module per place: the view, screen or app that has the methods ``action_NAME``.
"""

from t2tui.tui.actions import capture, decoder, flows, follow, packets, plugins, program, report, statistics
from t2tui.tui.actions.action import Action, bindings

ACTIONS: tuple[Action, ...] = (
    *flows.ACTIONS,
    *follow.ACTIONS,
    *packets.ACTIONS,
    *statistics.ACTIONS,
    *report.ACTIONS,
    *plugins.ACTIONS,
    *capture.ACTIONS,
    *decoder.ACTIONS,
    *program.ACTIONS,
)

__all__ = ["ACTIONS", "Action", "bindings"]
