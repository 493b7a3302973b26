"""Labels from databases: asked about the addresses of new flows, once per batch."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from t2tui.core.labels.maxmind import Database
from t2tui.core.labels.ranges import NO_LABEL
from t2tui.core.labels.table import Labels
from t2tui.core.layout import KIND_IPV4, KIND_LAYER2

UNKNOWN = -1


class Databases:
    """One database of countries, one of organisations, or both."""

    def __init__(self, labels: Labels, country: Database | None, organisation: Database | None) -> None:
        """Remember what is asked.

        Args:
            labels: gets the rows of what the databases say.
            country: gives codes.
            organisation: gives texts.
        """
        self._labels, self._country, self._organisation = labels, country, organisation

    def label(self, packets: NDArray[Any], flows: NDArray[Any]) -> None:
        """Give the flows that packets created the labels of their addresses.

        Flows whose row does not give way keep it, and so do those of whose address no database knows
        anything.

        Args:
            packets: PACKET records with their flow part filled.
            flows: FLOW records; srcLabel and dstLabel are written.
        """
        slots = packets["flow"][packets["isNew"] != 0]
        slots = slots[flows["kind"][slots] != KIND_LAYER2]
        if len(slots) == 0:
            return
        sides = ("src", "dst")
        high, low, rows = (
            np.concatenate([flows[f"{side}{part}"][slots] for side in sides])
            for part in ("Hi", "Lo", "Label")
        )
        asked = np.flatnonzero(self._labels.gives_way[rows] & (high | low != 0))
        is_ipv4 = np.concatenate([flows["kind"][slots] == KIND_IPV4] * 2)[asked]
        rows[asked] = self._rows(rows[asked], is_ipv4, high[asked], low[asked])
        for side, of_side in zip(sides, np.split(rows, 2), strict=True):
            flows[f"{side}Label"][slots] = of_side

    def _rows(
        self,
        rows: NDArray[np.uint32],
        is_ipv4: NDArray[np.bool_],
        high: NDArray[np.uint64],
        low: NDArray[np.uint64],
    ) -> NDArray[np.uint32]:
        """Return the rows of addresses, those given where nothing is known."""
        found = [self._find(database, is_ipv4, high, low) for database in (self._country, self._organisation)]
        _, first, inverse = np.unique(
            found[0].astype(np.uint64) << np.uint64(32) | found[1].astype(np.uint64),
            return_index=True,
            return_inverse=True,
        )
        columns = (found[0], found[1], is_ipv4, high, low)
        known = np.array(
            [self._row(*each) for each in zip(*(column[first].tolist() for column in columns), strict=True)],
            np.int64,
        )[inverse]
        return np.where(known == UNKNOWN, rows, known).astype(np.uint32)

    def _find(self, database: Database | None, *addresses: Any) -> NDArray[np.int64]:
        if database is None:
            return np.zeros(len(addresses[0]), np.int64)
        return database.find(*addresses)

    def _row(self, of_country: int, of_organisation: int, is_ipv4: bool, high: int, low: int) -> int:
        """Return the row of what both databases say, UNKNOWN if that is nothing."""
        address = is_ipv4, high, low
        code = self._country.value(of_country, *address) if self._country else None
        text = self._organisation.value(of_organisation, *address) if self._organisation else None
        if code is None and text is None:
            return UNKNOWN
        return self._labels.add(code or NO_LABEL, text or NO_LABEL)

    def take_faults(self) -> Iterator[str]:
        """Yield messages about damaged records, each once."""
        for database in (self._country, self._organisation):
            if database is not None:
                yield from database.faults
                database.faults.clear()
