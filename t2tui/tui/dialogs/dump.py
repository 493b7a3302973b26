"""Payload of flows as files."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from t2tui.tui.dialogs.writing import WritingDialog
from t2tui.tui.figures import size
from t2tui.tui.scopes import Extent
from t2tui.tui.targets import Target, folder_target, suggested
from t2tui.tui.tasks import Dump, number
from t2tui.tui.widgets.fields import Field, field_for

if TYPE_CHECKING:
    from t2tui.core.settings import Flag

FIRST = ("PLDUMP_NAMES", "PLDUMP_MAX_BYTES")
"""Flags that are asked for first."""


class DumpDialog(WritingDialog):
    """Asks which payload goes where, and how."""

    HEADING = "Dump payload"

    def fields(self) -> Iterator[Field]:
        """Yield the flags that are asked for first."""
        flags = {flag.name: flag for flag in self._flags()}
        for name in FIRST:
            yield self._field(flags[name])

    def more_fields(self) -> Iterator[Field]:
        """Yield the other flags of payloadDumper but those of its folder."""
        for flag in self._flags():
            if flag.name not in FIRST:
                yield self._field(flag)

    @staticmethod
    def _flags() -> "list[Flag]":
        from t2tui.cutting import OF_FOLDER
        from t2tui.plugins.payloaddumper import PayloadDumper

        return [flag for flag in PayloadDumper.flags if flag.name not in OF_FOLDER]

    @staticmethod
    def _field(flag: "Flag") -> Field:
        from t2tui.cutting import DUMPED

        return field_for(flag, DUMPED.get(flag.name), id=f"{flag.name}-field")

    def place(self, text: str) -> Target:
        """See WritingDialog."""
        return folder_target(text)

    def suggestion(self) -> str:
        """See WritingDialog."""
        name = self.scope.name
        what = f"flow_{self.subject.flow}" if name == "cursor" else name
        return suggested(self.subject.capture.opening.name, f"{what}_payload", "")

    def what(self, found: Extent) -> str:
        """See WritingDialog."""
        parts = [number(found.flows, "flow")]
        if found.payload is not None:
            parts.append(f"at most {size(found.payload)} of payload")
        return ", ".join(parts)

    def planned(self) -> Dump:
        """See WritingDialog."""
        fields = [field for field in self.query(Field) if field.id and field.id.startswith("PLDUMP_")]
        flags = {(field.id or "").removesuffix("-field"): field.value for field in fields}
        return Dump(
            self.subject.capture.packets(),
            self.scope,
            self.direction,
            self.target.path,
            flags,
            self.is_replacing,
        )
