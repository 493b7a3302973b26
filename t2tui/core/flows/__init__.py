"""Packet columns -> flows: flow table, time-outs, fragments, TCP states."""

from t2tui.core.flows.counters import FlowCounter
from t2tui.core.flows.table import CAPACITY, FlowTable, LabelLookup

__all__ = ["CAPACITY", "FlowCounter", "FlowTable", "LabelLookup"]
