import hashlib
from pathlib import Path

from check_large import Wanted, differences, read_wanted

FLOWS, PACKETS = b"%header\nA\nB\n", b"%header\n1\n"


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


WANTED = Wanted("web", "-", 2, sha(FLOWS), sha(PACKETS))


def test_equal_files_have_no_differences(tmp_path: Path) -> None:
    (tmp_path / "web_flows.txt").write_bytes(FLOWS)
    (tmp_path / "web_packets.txt").write_bytes(PACKETS)
    assert differences(WANTED, tmp_path) == []


def test_a_changed_and_a_missing_file_are_told(tmp_path: Path) -> None:
    (tmp_path / "web_flows.txt").write_bytes(FLOWS + b"C\n")
    assert differences(WANTED, tmp_path) == [
        "flows file differs, it has 3 rows, expected 2",
        "no packets file",
    ]


def test_a_packet_file_counts_only_where_one_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "web_flows.txt").write_bytes(FLOWS)
    assert differences(Wanted("syn", "-", 2, sha(FLOWS), None), tmp_path) == []


def test_the_table_of_hashes_is_read_by_profile(tmp_path: Path) -> None:
    table = tmp_path / "large.tsv"
    rows = [["profile", "packets", "seed", "c", "rows", "f", "p"], ["web", "9", "1", "c1", "7", "f1", "p1"]]
    rows += [["syn", "9", "1", "c2", "8", "f2", "-"]]
    table.write_text("".join("\t".join(row) + "\n" for row in rows))
    assert read_wanted(table) == {
        "web": Wanted("web", "c1", 7, "f1", "p1"),
        "syn": Wanted("syn", "c2", 8, "f2", None),
    }
