from pathlib import Path

import pytest
import run
from captures import CAPTURES
from peers import PEERS


def test_quick_is_one_capture_and_two_rounds() -> None:
    chosen = run.options(["--quick"])
    assert (chosen.profiles, chosen.rounds) == (["web"], 2)


def test_named_options_win_over_quick() -> None:
    chosen = run.options(["--quick", "--rounds", "3", "--profiles", "syn,full"])
    assert (chosen.profiles, chosen.rounds) == (["syn", "full"], 3)


def test_everything_is_the_default() -> None:
    chosen = run.options([])
    assert (chosen.profiles, chosen.peers, chosen.rounds) == (list(CAPTURES), None, 5)


@pytest.mark.parametrize("words", [["--profiles", "wbe"], ["--peers", "dpkt,nfdump"], ["--rounds", "0"]])
def test_wrong_words_end_with_a_message(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        run.options(words)
    assert words[0] in capsys.readouterr().err


@pytest.fixture
def everything_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda program: f"/bin/{program}")


@pytest.mark.usefixtures("everything_there")
def test_slow_peers_read_large_captures_only_when_named() -> None:
    def names(words: list[str], capture: str) -> list[str]:
        return [peer.name for peer in run.chosen_peers(run.options(words), CAPTURES[capture])]

    assert names([], "web") == list(PEERS)
    assert names([], "web10m") == ["nfpcapd", "softflowd"]
    assert names(["--peers", "tshark"], "web10m") == ["tshark"]
    assert names(["--peers", ""], "web") == []


def test_kernels_are_told_by_name_and_time(tmp_path: Path) -> None:
    cache = tmp_path / "t2tui" / "__pycache__" / "kernels"
    cache.mkdir(parents=True)
    (cache / "walk.py311.nbi").touch()
    (cache / "walk.py311.1.nbc").touch()
    (tmp_path / "t2tui" / "walk.cpython-311.pyc").touch()
    assert {name for name, _ in run.kernels(tmp_path)} == {"walk.py311.nbi", "walk.py311.1.nbc"}
