"""Where every packet of a capture is, whose it is, and what streams need of it: at most 24 bytes each."""

from t2tui.core.packetindex.index import ROW, PacketIndex, keys_of
from t2tui.core.packetindex.packed import chosen_rows

__all__ = ["ROW", "PacketIndex", "chosen_rows", "keys_of"]
