"""TCP streams of real captures are those that tshark follows, gaps included."""

import gzip
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

import t2tui
from t2tui.api import Analysis
from t2tui.cli.follow import command
from t2tui.core.streams import MISSING, Part, Stream, delivery
from t2tui.core.streams.stream import Direction
from t2tui.following import deliver_flow
from tests.core.captures import EXERCISE, GOLDEN, NO_GOLDEN
from tests.core.streams.sharks import Shown, tcp_streams

pytestmark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
NEEDS_GOLDEN = pytest.mark.skipif(not GOLDEN.is_dir(), reason=NO_GOLDEN)

CAPTURES = """
bittorrent__tracker.pcap conn-size.pcap dce-rpc__20-fids-no-close.pcap dce-rpc__mapi.pcap
dnp3__dnp3.pcap dns-edns-ecs.pcap finger__standard.pcap ftp__cwd-navigation.pcap
ftp__ftp-with-numbers-in-filename.pcap globus-url-copy-bad-encoding.pcap http__bro.org.pcap
http__content-range-gap-skip.pcap http__content-range-gap.pcap http__entity_gap.pcap
http__entity_gap2.pcap http__methods.pcap http__zero-length-bodies-with-drops.pcap
irc-more-commands.pcap krb__kerberos_tso.pcapng ldap__ldap-max-recursion.pcap mixed-vlan-mpls.pcap
mount__mount_base.pcap mpls-in-vlan.pcap mysql__auth.pcap ncp.pcap nfs__nfs_write.pcap pe__pe.pcap
pop3__redis-50-pings.pcap postgresql__greenhouse-app.pcap quic__383379789-decrypt-crash.pcap
rdp__rdp-proprietary-encryption.pcap rfb__vnc-mac-to-linux.pcap smb__smb_v2_only_non_zero_reserved1.pcap
smtp-one-side-only.pcap smtp__smtp-bdat-gap.pcap socks.pcap spicy__gap-recovery.pcap
ssh__ssh.server-side-half-duplex.pcap ssl-and-ssh-using-sslh.pcap tcp__timestamp.pcap
tls__google-cert-repeat.pcap tunnels__geneve-47101.pcap var-services-std-ports.pcap vlan-qinqinq.pcap
web.pcap websocket__wstunnel-https.pcap wikipedia.pcap workshop_2011_browse.pcap www-odd-url.pcap
zip__test.pcap
""".split()  # noqa: SIM905
"""In the first ones of their kind bytes are missing."""

DIFFERENT = {
    "contentline__contentline-irc-5k-line.pcap": "a keep-alive before all payload is no missing byte here",
    "krb__smb2_krb.pcap": "a record longer than the file's snap length is cut to it, as libpcap does",
    "tcp__reassembly.pcap": "segments that overlap with other bytes: here the first one wins",
    "pppoe-over-qinq.pcap": "IP announces six bytes more than PPPoE, which tshark believes",
    "odd_055.pcap": "payload of a reset is not part of the stream here",
}
"""Captures with a stream that is not the same, and why."""


NAMES: tuple[Direction, Direction] = ("A", "B")

GAP = b"[%d bytes missing in capture file]\0"
"""What tshark writes for a gap."""


def shown(stream: Stream, direction: Direction) -> bytes:
    """A direction with gaps in tshark's words; of bytes that were not captured it says nothing."""
    return b"".join(map(_shown, stream.parts(direction)))


def _shown(part: Part) -> bytes:
    return GAP % part.length if part.kind == MISSING else part.data


def pairs(capture: Path) -> list[tuple[Stream, Shown]]:
    """Streams of which both have the same packets."""
    return found_in(t2tui.analyze(capture, index=True), capture)


def found_in(analysis: Analysis, capture: Path) -> list[tuple[Stream, Shown]]:
    """The same of a capture that is analysed already."""
    flows = set(analysis.flows["flowInd"][analysis.flows["l4Proto"] == 6].tolist())
    streams = [analysis.follow(flow) for flow in flows]
    ours = {frozenset(stream.index.segments["packet"].tolist()): stream for stream in streams}
    return [(ours[shark.packets], shark) for shark in tcp_streams(capture) if shark.packets in ours]


def sides(stream: Stream, shark: Shown, seen: dict[Direction, bytes] | None = None) -> tuple[bytes, bytes]:
    """Both directions in the order of tshark's nodes; those of the whole stream unless others are given."""
    ends = stream.conversation
    assert ends is not None
    is_source = shark.source.strip("[").replace("]:", ":") == f"{ends.source}:{ends.source_port}"
    first, second = (shown(stream, name) if seen is None else seen[name] for name in NAMES)
    return (first, second) if is_source else (second, first)


def handed_out(stream: Stream, analysis: Analysis, direction: Direction) -> bytes:
    """What ``t2tui follow`` puts together while it reads the capture, in tshark's words."""
    assert stream.conversation is not None
    origin = analysis.origin
    assert origin is not None
    parts = deliver_flow(origin.source, stream.conversation.flow, origin.engine, direction=direction)
    return b"".join(_shown(part) for part, _, _ in parts)


def written(capture: Path, flow: int, direction: Direction) -> bytes:
    """What ``t2tui follow --raw`` writes."""
    arguments = [str(capture), "--flow", str(flow), "--raw", "-q", "-d", direction]
    done = CliRunner().invoke(command, arguments, catch_exceptions=False, standalone_mode=False)
    assert not done.return_value
    return done.stdout_bytes


def test_the_exercise(tmp_path: Path) -> None:
    capture = tmp_path / "exercise.pcap"
    capture.write_bytes(gzip.decompress(EXERCISE.read_bytes()))
    found = pairs(capture)
    assert len(found) == 36
    for stream, shark in found:
        assert sides(stream, shark) == shark.sides


def test_there_are_fifty_real_ones() -> None:
    assert len(CAPTURES) == len(set(CAPTURES)) == 50


@pytest.mark.golden
@NEEDS_GOLDEN
@pytest.mark.parametrize("name", CAPTURES)
def test_streams_are_the_same(name: str) -> None:
    found = pairs(GOLDEN / "captures" / name)
    assert any(stream.size() for stream, _ in found)
    for stream, shark in found:
        assert sides(stream, shark) == shark.sides


@pytest.mark.golden
@NEEDS_GOLDEN
@pytest.mark.parametrize("name", CAPTURES)
def test_streams_are_the_same_in_the_shell(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    capture = GOLDEN / "captures" / name
    analysis = t2tui.analyze(capture, index=True)
    monkeypatch.setattr(delivery, "HORIZON", 64)
    for stream, shark in found_in(analysis, capture):
        assert stream.conversation is not None
        handed = {name: handed_out(stream, analysis, name) for name in NAMES}
        assert sides(stream, shark, handed) == shark.sides
        for name in NAMES:
            if b" bytes missing in capture file]" not in handed[name]:  # a complete stream
                assert written(capture, stream.conversation.flow, name) == handed[name]


@pytest.mark.golden
@NEEDS_GOLDEN
@pytest.mark.parametrize("name", DIFFERENT)
def test_where_they_are_not_the_same_it_is_on_purpose(name: str) -> None:
    unequal = [
        stream for stream, shark in pairs(GOLDEN / "captures" / name) if sides(stream, shark) != shark.sides
    ]
    assert len(unequal) == 1, DIFFERENT[name]
