"""Packets to columns: link layer, tags, tunnels, IP, transport (docs/dissection.md)."""
