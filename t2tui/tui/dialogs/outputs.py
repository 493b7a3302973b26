"""Opens the dialogs that write something, or says why not."""

from typing import TYPE_CHECKING, cast

from t2tui.tui.figures import amount
from t2tui.tui.scopes import scopes
from t2tui.tui.session import Session, Snapshot
from t2tui.tui.widgets.flowtable import FlowTable

if TYPE_CHECKING:
    from t2tui.tui.dialogs.writing import HasJobs, WritingDialog
    from t2tui.tui.screens.capture import CaptureScreen

WRITE = ("dump", "extract", "export")
"""Actions that write something."""

NEED_PACKETS = ("follow", "packets", "dump", "extract")
"""Actions that read packets again."""


def obstacles(capture: Session, now: Snapshot) -> dict[str, str]:
    """Return which actions cannot be done now, and why.

    Args:
        capture: the session.
        now: what is shown of it.
    """
    why = capture.packets_obstacle()
    found = dict.fromkeys(NEED_PACKETS, why) if why else {}
    if not now.rows:
        why = "there is no flow" if now.has_ended else "no flow has ended yet; ctrl+x stops reading"
        found |= dict.fromkeys(WRITE, why)
    return found


def scope_note(table: FlowTable, now: Snapshot) -> str:
    """Return what actions act on if nothing else is chosen."""
    marked = len(table.marked)
    if marked:
        return f"{amount(marked)} marked"
    return "cursor" if now.rows and table.row is not None else ""


def ask(main: "CaptureScreen", action: str) -> None:
    """Open the dialog of an action; say why if it cannot be done.

    Args:
        main: the screen of the capture.
        action: one of WRITE.
    """
    table = main.table
    found = scopes(table.arranged, table.row, table.marked) if main.now.table is not None else {}
    why = obstacles(main.capture, main.now).get(action, "" if found else "no flow is shown yet")
    if why:
        main.tell(f"{action.capitalize()}: {why}", "warning")
        return
    from t2tui.tui.dialogs.writing import Subject

    names = tuple(column.name for column in table.layout_of_columns.columns)
    subject = Subject(main.capture, found, names, is_growing=not main.now.has_ended)
    main.app.push_screen(_dialog(action)(subject, cast("HasJobs", main.app)))


def _dialog(action: str) -> "type[WritingDialog]":
    """Return the dialog of an action; imported now, so that the program starts without it."""
    from t2tui.tui.dialogs.dump import DumpDialog
    from t2tui.tui.dialogs.export import ExportDialog
    from t2tui.tui.dialogs.extract import ExtractDialog

    dialogs: dict[str, type[WritingDialog]] = {
        "dump": DumpDialog,
        "extract": ExtractDialog,
        "export": ExportDialog,
    }
    return dialogs[action]
