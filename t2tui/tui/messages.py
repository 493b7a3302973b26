"""What views ask of the capture screen they are on; messages bubble up to it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from t2tui.tui.opening import Opening

if TYPE_CHECKING:
    from t2tui.tui.jobs import Job


@dataclass
class FilterWanted(Message):
    """The flow table is to show the flows that fulfil a condition.

    Attributes:
        condition: in the filter language (docs/filter.md).
        is_added: to the filter that is there; else in its place.
        is_choice: added with ``||``: flows that fulfil it are shown, too; else with ``&&``.
    """

    condition: str
    is_added: bool = False
    is_choice: bool = False


@dataclass
class FlowWanted(Message):
    """The flow table is to go to a flow.

    Attributes:
        flow: its index.
    """

    flow: int


@dataclass
class FollowWanted(Message):
    """The streams of a flow are to be shown.

    Attributes:
        flow: its index.
    """

    flow: int


@dataclass
class PacketWanted(Message):
    """A packet is to be shown.

    Attributes:
        packet: its number in the capture, from 1.
        flow: index of its flow.
    """

    packet: int
    flow: int


@dataclass
class PacketsWanted(Message):
    """The packets of a flow are to be listed.

    Attributes:
        flow: its index.
    """

    flow: int


@dataclass
class RunAgainWanted(Message):
    """The capture is to be read once more.

    Attributes:
        opening: what is opened: the same captures, with other plugins or values.
        lit: plugin that is lit in the list of plugins.
        changes: what is other than before, in words.
    """

    opening: Opening
    lit: str
    changes: tuple[str, ...]


@dataclass
class ScopeChanged(Message):
    """What actions would act on is another: marks or the cursor have moved."""


@dataclass
class NotesChanged(Message):
    """A comment was written, which is to be kept at once."""


@dataclass
class PairingWanted(Message):
    """A and B flows of one index are to be kept together, or to stand apart again."""


@dataclass
class WriteWanted(Message):
    """Something of the flows is to be written.

    Attributes:
        action: name of the action: ``dump``, ``extract`` or ``export``.
    """

    action: str


@dataclass
class JobEnded(Message):
    """What ran in the background has ended; told to the program.

    Attributes:
        job: with its result.
    """

    job: "Job"
