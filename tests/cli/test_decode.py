"""``t2tui decode``: words, logs, JSON, names of bits, columns of the user's plugins."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.core.test_decode import ALARM_MODE, PAYLOADS

Program = Callable[..., CompletedProcess[str]]


@pytest.fixture(autouse=True, scope="session")
def _compiled() -> None:
    """Nothing here needs kernels."""


PLUGIN = """
from t2tui.core.bits import bit_table
from t2tui.core.columns import Column
from t2tui.plugins.callbacks import CallbackPlugin


class Mine(CallbackPlugin):
    name = "mine"
    number = 500
    summary = "a test"
    flow_columns = (Column("mineStat", "H8", "Status of mine", bits="mineStat", plugin="mine", order=500),)
    bit_tables = (bit_table("mineStat", 8, {0: ("SEEN", "seen once"), 5: "seen often"}),)
"""


def test_words_are_decoded_one_after_another(t2tui: Program) -> None:
    done = t2tui("decode", "flowStat=0x0402000000004000", "pldStat=0x03")
    assert (done.returncode, done.stdout, done.stderr) == (0, ALARM_MODE + PAYLOADS, "")


def test_colour_as_asked_for(t2tui: Program) -> None:
    assert "\x1b[1;33mpldStat" in t2tui("decode", "pldStat=1", "--color", "always").stdout
    assert "\x1b" not in t2tui("decode", "pldStat=1").stdout
    assert "\x1b[1;33mpldStat" in t2tui("decode", "pldStat=1", env={"CLICOLOR_FORCE": "1"}).stdout


def test_wrong_words_are_reported_and_the_others_shown(t2tui: Program) -> None:
    done = t2tui("decode", "pldStatt=3", "pldStat=0x03", "pldStat=999")
    assert (done.returncode, done.stdout) == (2, PAYLOADS)
    unknown, too_large = done.stderr.splitlines()
    assert unknown.startswith("[ERR] nothing is known of 'pldStatt'; did you mean pldStat, ")
    assert too_large == "[ERR] pldStat=999: too large for 8 bits, at most 0xff"


def test_bits_without_meaning_are_named(t2tui: Program) -> None:
    done = t2tui("decode", "tcpAnomaly=0x0401")
    assert done.returncode == 0
    assert done.stderr == "[WRN] tcpAnomaly=0x0401: nothing is known of the bits 0x0400\n"


def test_logs_and_standard_input(t2tui: Program, tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    log.write_bytes(b"Aggregated pldStat=0x03\n\xff\xfe[INF] speed=3 Aggregated pldStat=0x03\n")
    assert t2tui("decode", "-L", log).stdout == PAYLOADS
    assert t2tui("decode", "-", input=log.read_text(errors="replace")).stdout == PAYLOADS
    done = t2tui("decode", "-", input="flowStat=0x0402000000004000 pldStat=0x03")
    assert (done.returncode, done.stdout) == (0, ALARM_MODE + PAYLOADS)


def test_a_log_without_values_fails(t2tui: Program, tmp_path: Path) -> None:
    done = t2tui("decode", "-", input="flowStatt=0x4\n")
    assert (done.returncode, done.stdout) == (1, "")
    assert "standard input has no NAME=VALUE" in done.stderr and "did you mean flowStat" in done.stderr
    assert t2tui("decode", "-L", tmp_path / "none").returncode == 1
    assert t2tui("decode", "-L", tmp_path).stderr.endswith("Is a directory\n")


def test_a_wrong_value_in_a_log_is_an_error(t2tui: Program) -> None:
    done = t2tui("decode", "-", input="pldStat=0x3ff pldStat=0x03")
    assert (done.returncode, done.stdout) == (2, PAYLOADS)


def test_json_is_an_object_per_value(t2tui: Program) -> None:
    done = t2tui("decode", "--json", "flowStat=0x4002", "dnsHFlg_OpC_RetC=0x80_0x1_0x8", "l4Proto=6")
    objects = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["column"] for each in objects] == ["flowStat", "dnsHFlg", "dnsOpC", "dnsRetC", "l4Proto"]
    assert objects[0]["value"] == "0x0000000000004002"
    assert [(row["bit"], row["level"]) for row in objects[0]["rows"]] == [(1, "inf"), (14, "none")]
    assert objects[4]["value"] == 6 and objects[4]["rows"][0]["name"] == "TCP"


def test_names_of_bits_make_a_number_and_a_filter(t2tui: Program) -> None:
    done = t2tui("decode", "--set", "flowStat", "IPv4,alarm")
    assert done.stdout == "0x0002000000004000\nbitsallset($flowStat, 0x2000000004000)\n"
    done = t2tui("decode", "--set", "tcpAnomaly", "scan")
    assert (done.returncode, done.stdout) == (2, "")
    assert "SCAN_DET" in done.stderr and "SCAN_SU_DET" in done.stderr


def test_columns_of_the_users_plugins(t2tui: Program, tmp_path: Path) -> None:
    (tmp_path / "500_mine.py").write_text(PLUGIN)
    done = t2tui("decode", "mineStat=0x21", "--plugin-dir", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "     0 | 0x01     | seen once\n     5 | 0x20     | seen often\n" in done.stdout
    assert "mineStat" in t2tui("decode", "--list", "--plugin-dir", tmp_path).stdout
    assert t2tui("decode", "mineStat=1").returncode == 2


def test_the_list_names_what_can_be_decoded(t2tui: Program) -> None:
    names = [line.split()[0] for line in t2tui("decode", "--list").stdout.splitlines()]
    assert {"flowStat", "tcpFlags", "l4Proto", "dnsHFlg_OpC_RetC"} <= set(names)
    for name in names[:3]:
        assert t2tui("decode", name).returncode == 0
