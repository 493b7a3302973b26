"""Flows of a capture with nfstream, as a CSV file; without its deep packet inspection, which costs more.

python nfstream_csv.py CAPTURE FLOWS
"""

import sys

from nfstream import NFStreamer


def main(capture: str, flows: str) -> None:
    """Read a capture, write one row per flow."""
    NFStreamer(source=capture, n_dissections=0).to_csv(path=flows)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
