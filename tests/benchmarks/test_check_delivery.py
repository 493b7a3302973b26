"""Streams of captures are the same handed out while they come, and of all packets at once."""

import check_delivery
import pytest

from tests.core.captures import EXERCISE, GOLDEN, NO_GOLDEN

SAMPLE = """
conn-size.pcap http__content-range-gap.pcap http__zero-length-bodies-with-drops.pcap smtp-one-side-only.pcap
smb__smb3_multichannel.pcap spicy__gap-recovery.pcap ssh__ssh.server-side-half-duplex.pcap
tcp__reassembly.pcap tcp__timestamp.pcap workshop_2011_browse.pcap
""".split()  # noqa: SIM905
"""Captures with long streams, with gaps, with one side alone."""


def test_the_exercise(capsys: pytest.CaptureFixture[str]) -> None:
    assert check_delivery.main([str(EXERCISE), "--horizon", "32", "500"]) == 0
    assert capsys.readouterr().out.startswith("37 flows of 1 captures compared, ")


@pytest.mark.golden
@pytest.mark.skipif(not GOLDEN.is_dir(), reason=NO_GOLDEN)
@pytest.mark.parametrize("name", SAMPLE)
def test_real_ones(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert check_delivery.main([str(GOLDEN / "captures" / name), "--horizon", "64"]) == 0
    assert not capsys.readouterr().out.startswith("0 flows")


def test_what_differs_is_told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_delivery, "shown", lambda parts: [object() for _ in parts])
    assert check_delivery.main([str(EXERCISE), "--horizon", "64"]) == 1
    assert "exercise.pcap.gz flow 1" in capsys.readouterr().out
