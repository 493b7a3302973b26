import errno
import gzip
import io
import os
import stat
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2tui.core import outputs
from t2tui.core.outputs import OutputError, Outputs, output_prefix


@pytest.mark.parametrize(
    ("source", "where", "prefix"),
    [
        ("capture.pcap", None, "capture"),
        ("a.b.pcap", None, "a.b"),
        ("data/a.pcap", None, "data/a"),
        ("capture", None, "capture"),
        ("./capture", None, "./capture"),
        ("data.d/capture", None, "data.d/capture"),
        ("capture.pcap.gz", None, "capture"),
        ("capture.zst", None, "capture"),
        ("-", None, "stdin"),
        ("data/a.pcap", "-", "data/a"),
        ("-", "-", "stdin"),
        ("data/a.pcap", "out", "out"),
        ("data/a.pcap", "results/", "results/a"),
        ("data/a.pcap", "existing", "existing/a"),
        ("data/a.pcap", "existing/", "existing/a"),
        ("data/a.pcap", "existing/x", "existing/x"),
        ("data/a.pcap", "new/deep/x.y", "new/deep/x.y"),
        ("-", "results/", "results/stdin"),
    ],
)
def test_prefix(tmp_path, monkeypatch, source, where, prefix):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "existing").mkdir()
    assert output_prefix(source, where) == prefix
    if where and "/" in where:
        assert (tmp_path / where).parent.is_dir()


def test_prefix_below_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match=r"cannot write .*file/x.*a file stands where a folder is needed"):
        output_prefix("a.pcap", f"{tmp_path}/file/x")


def listing(folder):
    return sorted(path.name for path in folder.iterdir())


def test_files_appear_at_commit_only(tmp_path):
    (tmp_path / "p_flows.txt").write_text("older")
    files = Outputs(f"{tmp_path}/p")
    for suffix in ("_flows.txt", "_headers.txt"):
        with files.open(suffix) as file:
            file.write(b"new")
    assert (tmp_path / "p_flows.txt").read_text() == "older"
    assert not (tmp_path / "p_headers.txt").exists()
    files.commit()
    assert listing(tmp_path) == ["p_flows.txt", "p_headers.txt"]
    assert (tmp_path / "p_flows.txt").read_text() == "new"


def test_a_run_that_fails_leaves_nothing_and_older_files_stay(tmp_path):
    (tmp_path / "p_flows.txt").write_text("older")
    with pytest.raises(ZeroDivisionError), Outputs(f"{tmp_path}/p") as files:
        files.open("_flows.txt").write(b"half")
        files.open("_packets.txt").close()
        raise ZeroDivisionError
    assert listing(tmp_path) == ["p_flows.txt"]
    assert (tmp_path / "p_flows.txt").read_text() == "older"


def test_commit_writes_what_was_never_closed(tmp_path):
    with Outputs(f"{tmp_path}/p") as files:
        files.open("_a").write(b"open")
    assert (tmp_path / "p_a").read_bytes() == b"open"


def test_finished_parts_appear_at_once(tmp_path):
    files = Outputs(f"{tmp_path}/p")
    files.open("_flows.txt0").write(b"first")
    files.commit_file("_flows.txt0")
    assert listing(tmp_path) == ["p_flows.txt0"]
    files.open("_flows.txt1").write(b"second")
    files.discard()
    assert listing(tmp_path) == ["p_flows.txt0"]


@given(st.lists(st.integers(0, 600_000), max_size=6))
def test_writes_of_any_size_arrive_in_order(tmp_path_factory, sizes):
    folder = tmp_path_factory.mktemp("sizes")
    parts = [bytes([65 + number]) * size for number, size in enumerate(sizes)]
    with Outputs(f"{folder}/p") as files:
        file = files.open("_x")
        for part in parts:
            assert file.write(memoryview(part)) == len(part)
    assert (folder / "p_x").read_bytes() == b"".join(parts)


def test_gzip_writes_into_an_output(tmp_path):
    with Outputs(f"{tmp_path}/p") as files:
        target = files.open("_x.gz")
        with gzip.GzipFile(fileobj=target, mode="wb") as file:
            file.write(b"text")
    assert gzip.decompress((tmp_path / "p_x.gz").read_bytes()) == b"text"


def test_missing_folders_are_made_and_rights_follow_the_mask(tmp_path):
    mask = os.umask(0o027)
    try:
        with Outputs(f"{tmp_path}/a/b/p") as files:
            files.open("_x").write(b"x")
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "a/b/p_x").stat().st_mode) == 0o640


def test_an_input_is_never_written(tmp_path):
    capture = tmp_path / "p_flows.txt"
    capture.write_text("capture")
    (tmp_path / "link_flows.txt").symlink_to(capture)
    os.link(capture, tmp_path / "hard_flows.txt")
    for prefix in ("p", "link", "hard"):
        files = Outputs(f"{tmp_path}/{prefix}", inputs=[capture])
        with pytest.raises(OutputError, match="is an input of this run"):
            files.open("_flows.txt")
    assert capture.read_text() == "capture"
    assert listing(tmp_path) == ["hard_flows.txt", "link_flows.txt", "p_flows.txt"]


def test_a_file_is_opened_once(tmp_path):
    with Outputs(f"{tmp_path}/p") as files:
        files.open("_x")
        with pytest.raises(OutputError, match="already in use"):
            files.open("_x")


def test_links_are_followed(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "p_x").symlink_to("real/x")
    with Outputs(f"{tmp_path}/p") as files:
        files.open("_x").write(b"x")
    assert (tmp_path / "p_x").is_symlink()
    assert (tmp_path / "real/x").read_bytes() == b"x"


def test_a_pipe_is_written_directly(tmp_path):
    os.mkfifo(tmp_path / "p_x")
    received = []
    reader = threading.Thread(target=lambda: received.append((tmp_path / "p_x").read_bytes()))
    reader.start()
    with Outputs(f"{tmp_path}/p") as files:
        files.open("_x").write(b"through")
    reader.join(timeout=60)
    assert received == [b"through"]
    assert listing(tmp_path) == ["p_x"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")  # noqa: PTH110
def test_a_full_disk_is_one_clear_error_and_no_file_appears(tmp_path):
    (tmp_path / "p_full").symlink_to("/dev/full")
    files = Outputs(f"{tmp_path}/p")
    files.open("_other").write(b"x")
    files.open("_full").write(b"x")
    with pytest.raises(
        OutputError, match=r"cannot write '.*p_full': No space left.*; free some space"
    ) as error:
        files.commit()
    assert error.value.errno == errno.ENOSPC
    assert listing(tmp_path) == ["p_full"]


class Unwritable(io.RawIOBase):
    """A stream whose reader has gone."""

    def writable(self):
        return True

    def write(self, data):
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")


class Console:
    def __init__(self, buffer):
        self.buffer = buffer


def test_the_flow_file_goes_to_standard_output(tmp_path, monkeypatch):
    console = io.BytesIO()
    monkeypatch.setattr(outputs.sys, "stdout", Console(console))
    with Outputs(f"{tmp_path}/p", to_stdout=True) as files:
        with files.open_flows("_flows.txt") as flows:
            flows.write(b"flow\n")
        files.open("_headers.txt").write(b"header")
    assert console.getvalue() == b"flow\n"
    assert not console.closed
    assert listing(tmp_path) == ["p_headers.txt"]
    with Outputs(f"{tmp_path}/p") as files:
        files.open_flows("_flows.txt").write(b"x")
    assert listing(tmp_path) == ["p_flows.txt", "p_headers.txt"]


def test_a_reader_that_has_gone_is_an_output_error(tmp_path, monkeypatch):
    monkeypatch.setattr(outputs.sys, "stdout", Console(Unwritable()))
    files = Outputs(f"{tmp_path}/p", to_stdout=True)
    flows = files.open_flows("_flows.txt")
    with pytest.raises(
        OutputError, match="cannot write standard output: Broken pipe; its reader has gone"
    ) as error:
        flows.write(b"x" * 1_000_000)
    assert error.value.errno == errno.EPIPE
    files.discard()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_rights_is_named(tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    with pytest.raises(OutputError, match=r"locked/p_x': Permission denied; choose another place"):
        Outputs(f"{tmp_path}/locked/p").open("_x")


@pytest.mark.parametrize("name", ["n\0ul", "x" * 300, "folder"])
def test_impossible_names_are_refused(tmp_path, name):
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError, match="cannot write"), Outputs(f"{tmp_path}/{name}") as files:
        files.open("").write(b"x")
    assert listing(tmp_path) == ["folder"]


def test_leftovers_of_a_killed_run_are_no_obstacle(tmp_path):
    leftover = tmp_path / f".p_x.{os.getpid()}-0.part"
    leftover.write_text("left")
    with Outputs(f"{tmp_path}/p") as files:
        files.open("_x").write(b"x")
    assert listing(tmp_path) == [leftover.name, "p_x"]
    assert leftover.read_text() == "left"


class Recorder:
    """A transaction that notes what happens to it, and which files there are then."""

    def __init__(self, folder, refuses=False):
        self.folder, self.refuses, self.calls = folder, refuses, []

    def begin(self, path):
        self.path = path
        return self

    def commit(self):
        self.calls.append(("commit", listing(self.folder)))
        if self.refuses:
            raise OutputError("it", "no")

    def rollback(self):
        self.calls.append(("rollback", listing(self.folder)))


def test_a_transaction_is_committed_before_files_get_their_names(tmp_path):
    (tmp_path / "p.db").write_text("older")
    (tmp_path / "link.db").symlink_to("p.db")
    transaction = Recorder(tmp_path)
    with Outputs(f"{tmp_path}/link") as files:
        files.join(".db", transaction.begin)
        files.open("_flows.txt").write(b"text")
        with pytest.raises(OutputError, match="already in use"):
            files.open_path(tmp_path / "p.db")
        with pytest.raises(OutputError, match="already in use"):
            files.join(".db", transaction.begin)
        assert transaction.calls == []
    assert transaction.path == tmp_path / "p.db"
    (first, present), *rest = transaction.calls
    assert first == "commit" and "link_flows.txt" not in present
    assert [call for call, _ in rest] == ["rollback"]
    assert (tmp_path / "link_flows.txt").read_text() == "text"


def test_a_transaction_that_cannot_be_committed_leaves_no_files(tmp_path):
    transaction = Recorder(tmp_path, refuses=True)
    with pytest.raises(OutputError), Outputs(f"{tmp_path}/p") as files:
        files.open("_flows.txt").write(b"text")
        files.join(".db", transaction.begin)
    assert listing(tmp_path) == []
    assert [call for call, _ in transaction.calls] == ["commit", "rollback"]


def test_transactions_of_a_run_that_fails_are_rolled_back(tmp_path):
    transaction = Recorder(tmp_path)
    with pytest.raises(RuntimeError), Outputs(f"{tmp_path}/p") as files:
        files.join(".db", transaction.begin)
        raise RuntimeError
    assert [call for call, _ in transaction.calls] == ["rollback"]
