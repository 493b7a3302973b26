"""tcpFlags: headers of IP and TCP, anomalies, windows, trip times (docs/tcpflags.md)."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from t2tui.core.columns import Column
from t2tui.core.figures import amount, share
from t2tui.core.settings import Flag
from t2tui.core.text.rows import Code, Field
from t2tui.plugins.base import Plugin, Run
from t2tui.plugins.tcpflags_kernels import follow, summarise
from t2tui.plugins.tcpflags_records import (
    FLOW_STATE,
    MAX_KINDS,
    PACKET_STATE,
    SHOW_IP,
    SHOW_TCP,
    SUMMARY,
    TOTALS,
)

if TYPE_CHECKING:
    from t2tui.plugins.base import Columns

BY_FLAG = Column(
    "tcpCntF_S_R_P_A_U_E_C_FA_SA_RA_N_SF_SFR_RF_X",
    "_".join(["U16"] * 16),
    "TCP packet counts by flag and combination",
    "packets",
    "packets by flag and combination of flags",
    plugin="tcpFlags",
    order=130,
)
"""Column of TCPFLGCNT, behind tcpAnomaly."""


GROUPS = {
    "RTT_ESTIMATE": (
        *("tcpSSASAATrip", "tcpRTTAckTripMin", "tcpRTTAckTripMax", "tcpRTTAckTripAvg", "tcpRTTAckTripJitAvg"),
        *("tcpRTTSseqAA", "tcpRTTAckJitAvg"),
    ),
    "WINDOWSIZE": (
        *("tcpInitWinSz", "tcpAvgWinSz", "tcpMinWinSz", "tcpMaxWinSz", "tcpWinSzDwnCnt", "tcpWinSzUpCnt"),
        *("tcpWinSzChgDirCnt", "tcpWinSzThRt", "tcpWin"),
    ),
    "SEQ_ACK_NUM": (
        *(
            "tcpISeqN",
            "tcpPSeqCnt",
            "tcpSeqSntBytes",
            "tcpSeqFaultCnt",
            "tcpPAckCnt",
            "tcpFlwLssAckRcvdBytes",
        ),
        *("tcpAckFaultCnt", "tcpBFlgtMx", "seq", "ack", "seqMax", "seqDiff", "ackDiff", "seqLen", "ackLen"),
        *("seqFlowLen", "ackFlowLen", "tcpMLen", "tcpBFlgt"),
    ),
    "NAT_BT_EST": ("tcpTmS", "tcpTmER", "tcpEcI", "tcpUtm", "tcpBtm"),
    "MPTCP": ("tcpMPTBF", "tcpMPF", "tcpMPAID", "tcpMPDSSF", "tcpMPTyp"),
    "TCPJA4T": ("tcpJA4T",),
}
"""Columns of both files that a flag leaves out."""


class TcpFlags(Plugin):
    """Headers of IP and TCP, their anomalies, window sizes and trip times."""

    name = "tcpFlags"
    number = 130
    summary = "IP and TCP headers: flags, options, checksums, anomalies, windows, trip times"
    flags = (
        Flag("RTT_ESTIMATE", 1, help="columns of trip times", choices=(0, 1)),
        Flag("WINDOWSIZE", 1, help="columns of the window", choices=(0, 1)),
        Flag("WINMIN", 1, help="smaller windows are counted", minimum=0, maximum=2**32 - 1),
        Flag("SEQ_ACK_NUM", 1, help="columns of sequence and acknowledgement numbers", choices=(0, 1)),
        Flag("NAT_BT_EST", 1, help="columns of time stamps, up and boot time", choices=(0, 1)),
        Flag("MPTCP", 1, help="columns of the multipath option", choices=(0, 1)),
        Flag("TCPJA4T", 1, help="column tcpJA4T", choices=(0, 1)),
        Flag("JA4TOPTMX", 20, help="option kinds in tcpJA4T", minimum=1, maximum=MAX_KINDS),
        Flag("TCPFLGCNT", 0, help="column with packet counts by flag", choices=(0, 1)),
    )

    def start(self, run: Run) -> None:
        """Allocate the records."""
        super().start(run)
        self.state = np.zeros(run.slots + 1, FLOW_STATE)
        self.summaries = np.zeros(run.slots, SUMMARY)
        self.rows = np.zeros(run.batch_packets if run.packet_mode else 1, PACKET_STATE)
        self.totals = np.zeros(1, TOTALS)

    def on_packets(self, packets: NDArray[Any], data: NDArray[Any]) -> None:
        """Follow the flows."""
        s, run = self.settings, self.run
        options = (s.WINMIN, s.JA4TOPTMX, bool(s.TCPFLGCNT))
        first, step = run.row, int(run.packet_mode)
        flows = run.flows.records
        follow(packets, data, flows, self.state, self.rows, first, step, options, self.totals[0])
        self.status = int(self.totals[0]["flowStat"])

    def on_released(self, slots: NDArray[Any]) -> None:
        """Compute what is written about a flow."""
        summarise(slots, self.run.flows.records, self.state, self.summaries, self.totals[0])

    def _left_out(self) -> set[str]:
        return {name for flag, names in GROUPS.items() if not getattr(self.settings, flag) for name in names}

    def flow_fields(self) -> "Columns":
        """Return the columns of the flow file."""
        state, summaries = self.state[:-1], self.summaries

        def uint(*names: str) -> Field:
            return slot(Code.UINT, *names)

        def slot(code: Code, *names: str) -> Field:
            first, *rest = (Field(code, state[name], by="slot") for name in names)
            return Field(first.code, first.values, by="slot", rest=tuple(rest))

        def end(code: Code, name: str, second: str | None = None) -> Field:
            more = None if second is None else summaries[second]
            return Field(code, summaries[name], by="slot", second=more)

        options = (Field(Code.HEX, state["ipOptions"], by="slot"),)
        counts = [Field(Code.UINT, state["counts"][:, bit], by="slot") for bit in range(16)]
        fields = {
            "tcpFStat": slot(Code.HEX, "status"),
            "ipMindIPID": uint("minId"),
            "ipMaxdIPID": uint("maxId"),
            "ipMinTTL": uint("minTTL"),
            "ipMaxTTL": uint("maxTTL"),
            "ipTTLChg": uint("ttlChanges"),
            "ipToS": slot(Code.HEX, "tos"),
            "ipFlags": end(Code.HEX, "ipFlags"),
            "ipOptCnt": uint("ipOptCount"),
            "ipOptCpCl_Num": Field(Code.HEX, state["ipOptClasses"], by="slot", rest=options),
            "ip6OptCntHH_D": uint("hopCount", "dstCount"),
            "ip6OptHH_D": slot(Code.HEX, "hopOptions", "dstOptions"),
            "tcpISeqN": uint("firstSeq"),
            "tcpPSeqCnt": uint("inOrder"),
            "tcpSeqSntBytes": uint("sentBytes"),
            "tcpSeqFaultCnt": uint("seqFaults"),
            "tcpPAckCnt": uint("acks"),
            "tcpFlwLssAckRcvdBytes": uint("ackedBytes"),
            "tcpAckFaultCnt": uint("ackFaults"),
            "tcpBFlgtMx": uint("maxInFlight"),
            "tcpInitWinSz": uint("initWindow"),
            "tcpAvgWinSz": slot(Code.FLOAT, "avgWindow"),
            "tcpMinWinSz": uint("minWindow"),
            "tcpMaxWinSz": uint("maxWindow"),
            "tcpWinSzDwnCnt": uint("windowDown"),
            "tcpWinSzUpCnt": uint("windowUp"),
            "tcpWinSzChgDirCnt": uint("windowTurns"),
            "tcpWinSzThRt": end(Code.FLOAT, "tinyRatio"),
            "tcpFlags": slot(Code.HEX, "flags"),
            "tcpAnomaly": end(Code.HEX, "anomaly"),
            "tcpJA4T": end(Code.TEXT, "text", "textLen"),
            "tcpOptPktCnt": uint("optPackets"),
            "tcpOptCnt": uint("optCount"),
            "tcpOptions": slot(Code.HEX, "options"),
            "tcpMSS": uint("mss"),
            "tcpWS": end(Code.UINT, "scale"),
            "tcpMPTBF": slot(Code.HEX, "mpTypes"),
            "tcpMPF": slot(Code.HEX, "mpFlags"),
            "tcpMPAID": uint("mpAddress"),
            "tcpMPDSSF": slot(Code.HEX, "mpSignal"),
            "tcpTmS": uint("stamp"),
            "tcpTmER": uint("echo"),
            "tcpEcI": end(Code.FLOAT, "counter"),
            "tcpUtm": end(Code.DOUBLE, "upTime"),
            "tcpBtm": end(Code.TIME, "bootSec", "bootFrac"),
            "tcpSSASAATrip": slot(Code.FLOAT, "trip"),
            "tcpRTTAckTripMin": slot(Code.FLOAT, "rttMin"),
            "tcpRTTAckTripMax": slot(Code.FLOAT, "rttMax"),
            "tcpRTTAckTripAvg": slot(Code.FLOAT, "rttAvg"),
            "tcpRTTAckTripJitAvg": end(Code.FLOAT, "rttJitter"),
            "tcpRTTSseqAA": end(Code.FLOAT, "roundTrip"),
            "tcpRTTAckJitAvg": end(Code.FLOAT, "roundTripJitter"),
        }
        without = self._left_out()
        columns = [pair for pair in self.paired("flows", fields) if pair[0].name not in without]
        if self.settings.TCPFLGCNT:
            behind = [column.name for column, _ in columns].index("tcpAnomaly") + 1
            by_flag = Field(Code.UINT, counts[0].values, by="slot", rest=tuple(counts[1:]))
            columns.insert(behind, (BY_FLAG, by_flag))
        return columns

    def packet_fields(self, packets: NDArray[Any]) -> "Columns":
        """Return the columns of the packet file."""
        rows = self.rows

        def row(code: Code, name: str, mask: int = SHOW_TCP, second: str | None = None) -> Field:
            more = None if second is None else rows[second]
            return Field(code, rows[name], second=more, when=(rows["show"], mask))

        fields = {
            "ipToS": row(Code.HEX, "tos", SHOW_IP),
            "ipID": row(Code.UINT, "ipId", SHOW_IP),
            "ipIDDiff": row(Code.INT, "ipIdDiff", SHOW_IP),
            "ipFrag": row(Code.HEX, "ipFrag", SHOW_IP),
            "ipTTL": row(Code.UINT, "ttl", SHOW_IP),
            "ipHdrChkSum": row(Code.HEX, "ipSum", SHOW_IP),
            "ipCalChkSum": row(Code.HEX, "ipSumHere", SHOW_IP),
            "l4HdrChkSum": row(Code.HEX, "l4Sum", SHOW_IP),
            "l4CalChkSum": row(Code.HEX, "l4SumHere", SHOW_IP),
            "ipFlags": row(Code.HEX, "ipFlags", SHOW_IP),
            "ip6HHOptLen": row(Code.UINT, "hopLen", SHOW_IP),
            "ip6HHOpts": row(Code.OCTETS, "hopStart", SHOW_IP, "hopLen"),
            "ip6DOptLen": row(Code.UINT, "dstLen", SHOW_IP),
            "ip6DOpts": row(Code.OCTETS, "dstStart", SHOW_IP, "dstLen"),
            "ipOptLen": row(Code.UINT, "ipOptLen", SHOW_IP),
            "ipOpts": row(Code.OCTETS, "ipOptStart", SHOW_IP, "ipOptLen"),
            "seq": row(Code.UINT, "seq"),
            "ack": row(Code.UINT, "ack"),
            "seqMax": row(Code.UINT, "highSeq"),
            "seqDiff": row(Code.INT, "seqDiff"),
            "ackDiff": row(Code.INT, "ackDiff"),
            "seqLen": row(Code.UINT, "seqLen"),
            "ackLen": row(Code.UINT, "ackLen"),
            "seqFlowLen": row(Code.UINT, "seqFlowLen"),
            "ackFlowLen": row(Code.UINT, "ackFlowLen"),
            "tcpMLen": row(Code.UINT, "messageLen"),
            "tcpBFlgt": row(Code.UINT, "inFlight"),
            "tcpFStat": row(Code.HEX, "status", SHOW_IP),
            "tcpFlags": row(Code.HEX, "flags"),
            "tcpAnomaly": row(Code.HEX, "anomaly"),
            "tcpWin": row(Code.UINT, "window"),
            "tcpWS": row(Code.UINT, "scale"),
            "tcpMSS": row(Code.UINT, "mss"),
            "tcpTmS": row(Code.UINT, "stamp"),
            "tcpTmER": row(Code.UINT, "echo"),
            "tcpMPTyp": row(Code.UINT, "mpType"),
            "tcpMPF": row(Code.HEX, "mpFlags"),
            "tcpMPAID": row(Code.UINT, "mpAddress"),
            "tcpMPDSSF": row(Code.HEX, "mpSignal"),
            "tcpOptLen": row(Code.INT, "tcpOptLen", SHOW_IP),
            "tcpOpts": row(Code.OCTETS, "tcpOptStart", SHOW_TCP, "tcpOptBytes"),
        }
        without = self._left_out()
        return [pair for pair in self.paired("packets", fields) if pair[0].name not in without]

    def report(self) -> Iterator[str]:
        """Yield aggregates, scans, retries and small windows."""
        total = {name: int(self.totals[0][name]) for name in TOTALS.names or ()}
        for name, key in (("ipFlags", "ipFlags"), ("tcpFStat", "status"), ("tcpFlags", "flags"),
                          ("tcpAnomaly", "anomaly")):  # fmt: skip
            if total[key]:
                yield f"Aggregated {name}=0x{total[key]:04x}"
        if total["tos"]:
            yield f"Aggregated ipToS=0x{total['tos']:02x}"
        if total["scans"] or total["answeredScans"]:
            answered = share(total["answeredScans"], total["scans"])
            yield f"Number of TCP scans attempted, successful: {amount(total['scans'])}, {answered}"
        if total["synRetries"] or total["seqRetries"]:
            retries = f"{amount(total['synRetries'])}, {amount(total['seqRetries'])}"
            yield f"Number of TCP SYN retries, seq retries: {retries}"
        if total["tinyWindows"]:
            tiny = share(total["tinyWindows"], total["tcpPackets"])
            yield f"Number WinSz below {self.settings.WINMIN}: {tiny}"
        if total["mpTypes"]:
            yield f"Aggregated MPTCP subtypes: tcpMPTBF=0x{total['mpTypes']:04x}"
            yield f"Aggregated MPTCP flags: tcpMPF=0x{total['mpFlags']:02x}"
            yield f"Number of MPTCP packets: {share(total['mpPackets'], total['tcpPackets'])}"
