"""regex_pcre: regular expressions searched in packets, with alarms (docs/regex_pcre.md)."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from t2tui.core.columns import File, plugin_columns
from t2tui.core.figures import amount, percent
from t2tui.core.flowstat import FL_ALARM
from t2tui.core.layout import KIND_LAYER2
from t2tui.core.report import inf, wrn
from t2tui.core.settings import Flag
from t2tui.core.text.rows import Code, Field
from t2tui.plugins.base import Plugin, Run
from t2tui.plugins.regex_pcre_rules import ALARM, Rule, Rules
from t2tui.plugins.regex_pcre_syntax import DOTALL

if TYPE_CHECKING:
    from t2tui.plugins.base import Columns

NEVER = 2**63 - 1
"""Number of a packet that never comes."""

PARTS = (("id", "u2"), ("class", "u1"), ("severity", "u1"))
"""What is printed of each match."""
EXPERT_PARTS = (("packet", "u8"), ("position", "u2"))
TIME_PARTS = (("sec", "i8"), ("frac", "i8"))


def _record(capacity: int, is_expert: bool, with_time: bool) -> "np.dtype[np.void]":
    """Return a record of matches that are printed; ``stored`` counts the others, too."""
    parts = PARTS + (EXPERT_PARTS if is_expert else ()) + (TIME_PARTS if is_expert and with_time else ())
    lists = [(name, dtype, (capacity,)) for name, dtype in parts]
    return np.dtype([("stored", "u1"), ("count", "u1"), *lists], align=True)


class RegexPcre(Plugin):
    """Searches regular expressions in packets; matches raise alarms.

    Attributes:
        rules: the rules of the file.
        records: matches by slot.
    """

    name = "regex_pcre"
    number = 603
    summary = "regular expressions searched in packets, alarms"
    flags = (
        Flag("EXPERTMODE", 0, help="also number of the packet and position of the match", choices=(0, 1)),
        Flag("PKTTIME", 0, help="with EXPERTMODE: also time of the packet", choices=(0, 1)),
        Flag("AGGR", 0, help="1: each rule at most once per flow", choices=(0, 1)),
        Flag("SALRMFLG", 0, help="1: a match sets the alarm bit of the flow", choices=(0, 1)),
        Flag("MAXREGPOS", 30, help="matches kept per flow; no more are searched", minimum=1, maximum=255),
        Flag("REGEX_MODE", DOTALL, help="options of PCRE for rules without their own", minimum=0),
        Flag("RGX_POSIX_FILE", "regexfile.txt", help="file of the rules", runtime=True),
    )

    def start(self, run: Run) -> None:
        """Read the rules, allocate the records.

        Raises:
            OSError: the file of rules cannot be read, or one of them cannot be used.
        """
        super().start(run)
        s = self.settings
        self.rules = Rules(Path(s.RGX_POSIX_FILE), s.REGEX_MODE)
        for problem in self.rules.problems:
            run.tell(wrn(f"{self.name}: {problem}"))
        self.rules.check()
        run.tell(inf(f"{self.name}: {len(self.rules)} regexes loaded"))
        self._active = [rule for rule in self.rules if rule.layer is not None]
        record = _record(s.MAXREGPOS, bool(s.EXPERTMODE), bool(s.PKTTIME))
        self.records = np.zeros(run.slots, record)
        self._rows = np.zeros(run.batch_packets if run.packet_mode else 0, record)
        self._alarmed_at = np.full(run.slots if s.SALRMFLG else 0, NEVER, np.int64)
        self._seen: dict[int, set[int]] = {}  # by slot, with AGGR: rules that matched
        self._alarms = self._alarm_flows = self._severity = 0

    # ------------------------------------------------------------------ packets

    def on_packets(self, packets: NDArray[Any], data: NDArray[Any]) -> None:
        """Search the packets."""
        first = self.run.row
        new = packets["flow"][packets["isNew"] == 1]
        self.records["stored"][new] = 0
        self.records["count"][new] = 0
        if self.settings.SALRMFLG:
            self._alarmed_at[new] = NEVER
        if self.settings.AGGR:
            for slot in new.tolist():
                self._seen.pop(slot, None)
        if self.run.packet_mode:
            self._rows["stored"][first : first + len(packets)] = 0
            self._rows["count"][first : first + len(packets)] = 0
        self._search(packets, data)
        if self.settings.SALRMFLG:
            self._raise_alarms(packets)

    def _search(self, packets: NDArray[Any], data: NDArray[Any]) -> None:
        """Search every packet for the rules that its headers select, in the order of the file."""
        rows = np.flatnonzero(
            (packets["flow"] >= 0) & (packets["kind"] != KIND_LAYER2) & (packets["snapL7Len"] > 0)
        )
        if len(rows) == 0 or not self._active:
            return
        candidates = packets[rows]
        wanted = np.zeros((len(rows), len(self._active)), bool)
        begins = np.zeros(wanted.shape, np.int64)
        ends = np.zeros(wanted.shape, np.int64)
        for number, rule in enumerate(self._active):
            begins[:, number], ends[:, number] = rule.region(candidates)
            np.minimum(ends[:, number], len(data), out=ends[:, number])
            wanted[:, number] = rule.selected(candidates) & (begins[:, number] < ends[:, number])
        slots = candidates["flow"].tolist()
        view = data.data
        stored = self.records["stored"]
        most = self.settings.MAXREGPOS
        places, numbers = np.nonzero(wanted)
        regions = begins[wanted].tolist(), ends[wanted].tolist()
        for place, number, begin, end in zip(places.tolist(), numbers.tolist(), *regions, strict=True):
            if stored[slots[place]] >= most:
                continue
            rule = self._active[number]
            match = rule.match(view[begin:end])
            if match is not None and match.end() > match.start() and self.rules.accepts(rule):
                self._keep(rule, packets, int(rows[place]), match.start())

    def _keep(self, rule: Rule, packets: NDArray[Any], row: int, position: int) -> None:
        """Store a match."""
        packet = packets[row]
        slot = int(packet["flow"])
        if self.settings.AGGR:
            seen = self._seen.setdefault(slot, set())
            if rule.number in seen:
                return
            seen.add(rule.number)
        self.rules.mark(rule)
        self._severity = max(self._severity, rule.severity)
        self._append(self.records[slot], rule, packet, position, bool(rule.flags & ALARM))
        if self.run.packet_mode:
            self._append(self._rows[self.run.row + row], rule, packet, position, True)
        if self.settings.SALRMFLG:
            self._alarmed_at[slot] = min(self._alarmed_at[slot], int(packet["pktNo"]))

    def _append(self, record: np.void, rule: Rule, packet: np.void, position: int, shown: bool) -> None:
        record["stored"] += 1
        if not shown:
            return
        values = {"id": rule.id, "class": rule.kind, "severity": rule.severity, "position": position & 0xFFFF}
        values |= {"packet": packet["pktNo"], "sec": packet["sec"], "frac": packet["frac"]}
        count = record["count"]
        for name in record.dtype.names or ():
            if name in values:
                record[name][count] = values[name]
        record["count"] += 1

    def _raise_alarms(self, packets: NDArray[Any]) -> None:
        """Set the alarm bit: in the flow at once, in its packets from the next one on."""
        flows = packets["flow"]
        alarmed_at = np.where(flows >= 0, self._alarmed_at[flows], NEVER)
        number = packets["pktNo"].astype(np.int64)
        alarmed = number >= alarmed_at
        if alarmed.any():
            bit = np.uint64(FL_ALARM)
            self.status |= FL_ALARM
            self.run.flows.records["flowStat"][np.unique(flows[alarmed])] |= bit
            packets["flowStat"][number > alarmed_at] |= bit
            packets["alarm"][alarmed] = 1

    # ------------------------------------------------------------------ flows

    def on_released(self, slots: NDArray[Any]) -> None:
        """Report the matches of flows that ended as alarms."""
        counts = self.records["count"][slots].astype(np.int64)
        concerned = np.flatnonzero(counts)
        if len(concerned):
            self._alarms += int(counts.sum())
            self._alarm_flows += len(concerned)
            self.run.report_alarms(concerned, counts[concerned])

    def _columns(self, records: NDArray[Any], by: str, file: File) -> "Columns":
        """Return number and list of matches."""

        def part(name: str, **more: Any) -> Field:
            return Field(Code.UINT, records[name], by=by, **more)  # type: ignore[arg-type]

        count, matches = plugin_columns(self.name, file)
        rest = [part("class"), part("severity")]
        if self.settings.EXPERTMODE:
            matches = replace(
                matches, name=f"{matches.name}_pktN_bPos", type=f"{matches.type.removesuffix(':R')}_U64_U16:R"
            )
            rest += [part("packet"), part("position")]
            if self.settings.PKTTIME:
                type_ = f"{matches.type.removesuffix(':R')}_U64.U32:R"
                matches = replace(matches, name=f"{matches.name}_time", type=type_)
                rest.append(Field(Code.TIME, records["sec"], by=by, second=records["frac"]))  # type: ignore[arg-type]
        listed = part("id", count=records["count"], rest=tuple(rest))
        return [(count, part("count")), (matches, listed)]

    def flow_fields(self) -> "Columns":
        """Return number and list of the matches that are alarms."""
        return self._columns(self.records, "slot", "flows")

    def packet_fields(self, packets: NDArray[Any]) -> "Columns":
        """Return number and list of all matches of a packet."""
        return self._columns(self._rows, "row", "packets")

    def report(self) -> Iterator[str]:
        """Yield the alarms."""
        if self._alarms:
            flows = f"{amount(self._alarm_flows)} flows [{percent(self._alarm_flows, self.run.flow_count)}]"
            yield f"{amount(self._alarms)} alarms in {flows} with max severity {self._severity}"
