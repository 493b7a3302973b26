from pathlib import Path

import captures
import pytest
from captures import Capture, CaptureError

CAPTURE = Capture("small", "web", 5)


@pytest.fixture
def generator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for a generator; captures go to the folder ``work`` beside it."""
    monkeypatch.setattr(captures, "GENERATOR", tmp_path / "make.py")
    monkeypatch.setattr(captures, "WORK", tmp_path / "work")
    return tmp_path / "make.py"


def test_a_capture_is_made_once(generator: Path) -> None:
    generator.write_text("import sys; open(sys.argv[-1], 'x').write(' '.join(sys.argv[1:-1]))")
    made = CAPTURE.make()
    assert made.read_text() == "--profile web --packets 5 --seed 1"
    generator.unlink()
    assert CAPTURE.make() == made
    assert list(made.parent.iterdir()) == [made]


def test_a_missing_generator_is_named_with_what_to_do(generator: Path) -> None:
    with pytest.raises(CaptureError, match=r"make\.py: put the folder `shared` beside the checkout"):
        CAPTURE.make()


def test_a_capture_that_was_not_finished_is_removed(generator: Path) -> None:
    generator.write_text("import sys; open(sys.argv[-1], 'x').write('half'); sys.exit(1)")
    with pytest.raises(CaptureError, match=r"failed to make web-5-1\.pcap"):
        CAPTURE.make()
    assert not list(CAPTURE.path.parent.iterdir())
