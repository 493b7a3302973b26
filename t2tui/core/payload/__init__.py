"""Payload of flows on its way into files (docs/payloaddumper.md)."""
