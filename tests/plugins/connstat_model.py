"""connStat written down plainly: dictionaries, one event after the other."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

NAMES = ("connSip", "connDip", "connSipDip", "connSipDprt", "connF", "connG", "connNumPCnt", "connNumBCnt")


@dataclass
class Flow:
    """One direction of a conversation, as it is written in the flow file."""

    source: str
    target: str
    source_port: int
    target_port: int
    is_reply: bool

    @property
    def request(self) -> tuple[str, str, int]:
        """Who asks whom at which port."""
        if self.is_reply:
            return self.target, self.source, self.source_port
        return self.source, self.target, self.target_port


@dataclass
class Model:
    """Events go in, the columns of flows come out."""

    forgets: bool = True
    asks: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)
    ports: Counter[tuple[str, int]] = field(default_factory=Counter)
    counters: dict[str, list[int]] = field(default_factory=dict)
    given_back: list[list[int]] = field(default_factory=list)
    most: Counter[str] = field(default_factory=Counter)

    def begin(self, flow: Flow) -> None:
        source, target, port = flow.request
        self.ports[source, port] += 1
        self.pairs[source, target] += 1
        if self.pairs[source, target] == 1:
            self.asks[source] += 1
            self.asked[target] += 1
            if source not in self.counters:
                self.counters[source] = self.given_back.pop() if self.given_back else [0, 0]
        for name, counts in self.totals().items():
            self.most[name] = max(self.most[name], sum(count > 0 for count in counts.values()))

    def totals(self) -> dict[str, Counter]:  # type: ignore[type-arg]
        return {"asks": self.asks, "asked": self.asked, "pairs": self.pairs, "ports": self.ports}

    def packet(self, flow: Flow, length: int) -> None:
        if flow.source not in self.counters:
            counter = self.given_back.pop() if self.given_back else [0, 0]
            counter[:] = 0, 0
            self.counters[flow.source] = counter
        self.counters[flow.source][0] += 1
        self.counters[flow.source][1] += length

    def end(self, flow: Flow) -> dict[str, str]:
        source, target, port = flow.request
        sides = self.asks[source], self.asked[target]
        sip, dip = reversed(sides) if flow.is_reply else sides
        pair, of_port = self.pairs[source, target], self.ports[source, port]
        ratios = (np.float32(of_port) / np.float32(count) for count in (sip, pair))
        sent = self.counters.get(flow.source, [0, 0])
        values = [sip, dip, pair, of_port, *(f"{float(ratio):.7g}" for ratio in ratios), *sent]
        if self.forgets:
            self.ports[source, port] -= 1
            self.pairs[source, target] -= 1
            if self.pairs[source, target] == 0:
                self.asks[source] -= 1
                self.asked[target] -= 1
                if self.asks[source] == 0:
                    self.given_back.append(self.counters.pop(source))
        return dict(zip(NAMES, map(str, values), strict=True))
