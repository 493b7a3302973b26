"""Warnings of the dissection as texts."""

from t2tui.core.dissect import context
from t2tui.core.dissect.dissector import Event


def event_text(event: Event) -> str:
    """Return the warning of an event."""
    if event.kind == context.EVENT_NO_DATA:
        return f"No data available for packet {event.packet}"
    if event.kind == context.EVENT_NULL_FAMILY:
        return f"Null/Loopback header: unhandled family {event.a}"
    if event.kind == context.EVENT_RAW_VERSION:
        return f"Unknown IP protocol {event.a} in raw pcap"
    if event.kind == context.EVENT_JUNIPER:
        return f"Unhandled Juniper protocol {event.a}" if event.a >= 0 else "Juniper magic number not found"
    if event.kind == context.EVENT_PPI:
        return f"Unhandled PPI link-layer type {event.a}"
    outer = "Outer -- " if event.kind == context.EVENT_SNAP_OUTER else ""
    return f"{outer}snapL2Length: {event.a} - snapL3Length: {event.b} - IP length in header: {event.c}"
