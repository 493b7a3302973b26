"""Packet columns -> flows: flow table, time-outs, fragments, TCP states."""

from t2tui.core.flows.counters import FlowCounter
from t2tui.core.flows.table import CAPACITY, FlowTable, LabelLookup
from t2tui.core.flows.tcp import TCP_STATE

__all__ = ["CAPACITY", "TCP_STATE", "FlowCounter", "FlowTable", "LabelLookup"]
