"""What views ask of the capture screen they are on; messages bubble up to it."""

from dataclasses import dataclass

from textual.message import Message


@dataclass
class FilterWanted(Message):
    """The flow table is to show the flows that fulfil a condition.

    Attributes:
        condition: in the filter language (docs/filter.md).
        is_added: to the filter that is there, with ``&&``; else in its place.
    """

    condition: str
    is_added: bool = False


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
class ScopeChanged(Message):
    """What actions would act on is another: marks or the cursor have moved."""
