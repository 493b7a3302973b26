"""The table of link types against libpcap's."""

import ctypes
import struct
from pathlib import Path

from t2tui.core.capture.libpcap import load
from t2tui.core.linktypes import LINK_TYPES, SUPPORTED, describe, dlt_of, limit_snap_length

UNNAMED = {204, 205, 206}
"""PPP, C-HDLC and Frame Relay with direction: the reference reads them, libpcap has no names for them."""


def test_names_and_descriptions_are_libpcaps() -> None:
    library = load()
    library.pcap_datalink_val_to_name.restype = ctypes.c_char_p
    library.pcap_datalink_val_to_description.restype = ctypes.c_char_p
    for dlt in range(400):
        name, text = library.pcap_datalink_val_to_name(dlt), library.pcap_datalink_val_to_description(dlt)
        assert LINK_TYPES.get(dlt, (None, None)) == (name and name.decode(), text and text.decode()), dlt


def test_numbers_and_snap_lengths_are_libpcaps(tmp_path: Path) -> None:
    library = load()
    library.pcap_open_offline_with_tstamp_precision.restype = ctypes.c_void_p
    path = tmp_path / "x.pcap"
    error = ctypes.create_string_buffer(256)
    snaps = [0, 1, 262144, 2**31 - 1, 2**31, 2**32 - 1]
    for link in [*range(320), 2000, 65535]:
        snap = snaps[link % len(snaps)]
        path.write_bytes(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, snap, link))
        handle = ctypes.c_void_p(library.pcap_open_offline_with_tstamp_precision(bytes(path), 1, error))
        dlt = dlt_of(link)
        assert dlt == library.pcap_datalink(handle)
        assert limit_snap_length(dlt, snap) == library.pcap_snapshot(handle), link
        library.pcap_close(handle)


def test_supported_types_have_names_but_for_three() -> None:
    assert SUPPORTED - LINK_TYPES.keys() == UNNAMED


def test_describe() -> None:
    assert describe(1) == "Ethernet [EN10MB/1]"
    assert describe(204) == "(null) [(null)/204]"
