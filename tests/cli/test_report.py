import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2tui.cli.progress import Line
from t2tui.cli.report import RULE, Report
from t2tui.cli.terminal import has_colour, printable, use_colour


def printed(*lines: str, **how: bool) -> str:
    stream = io.BytesIO()
    report = Report(stream, **how)
    for line in lines:
        report(line)
    assert report.failure is None
    return stream.getvalue().decode("utf-8", "surrogateescape")


@given(st.lists(st.text()))
def test_a_report_to_a_file_is_unchanged(lines: list[str]) -> None:
    assert printed(*lines) == "".join(f"{line}\n" for line in lines)


def test_a_name_that_is_no_utf8_is_printed_as_its_bytes() -> None:
    stream = io.BytesIO()
    Report(stream)("Processing file: \udcff.pcap")
    assert stream.getvalue() == b"Processing file: \xff.pcap\n"


@given(st.text())
def test_a_report_on_a_terminal_steers_it_nowhere(text: str) -> None:
    assert printed(text, terminal=True).removesuffix("\n").isprintable()


@pytest.mark.parametrize(
    ("line", "styled"),
    [
        ("[WRN] text", "\x1b[1;33m[WRN]\x1b[0m \x1b[0;33mtext\x1b[0m"),
        ("[INF] text", "\x1b[1;34m[INF]\x1b[0m \x1b[0;34mtext\x1b[0m"),
        ("[ERR] text", "\x1b[1;31m[ERR]\x1b[0m \x1b[0;31mtext\x1b[0m"),
        ("[OK] text", "\x1b[1;32m[OK]\x1b[0m \x1b[0;32mtext\x1b[0m"),
        ("Date: today", "Date: today"),
        ("no [WRN] text", "no [WRN] text"),
    ],
)
def test_marks_have_the_colours_of_the_reference(line: str, styled: str) -> None:
    assert printed(line, colour=True, terminal=True) == f"{styled}\n"


def test_names_of_plugins_are_bold_between_the_rules_only() -> None:
    text = printed("a: 1", RULE, "basicStats: b: 2", RULE, "c: 3", colour=True)
    assert text == f"a: 1\n{RULE}\n\x1b[1mbasicStats:\x1b[0m b: 2\n{RULE}\nc: 3\n"


def test_the_progress_line_is_gone_before_a_line_of_the_report() -> None:
    terminal = io.StringIO()
    line = Line(terminal)
    report = Report(io.BytesIO(), line=line)
    line.show("10%")
    report("Dump stop : now")
    assert terminal.getvalue() == "\r10%\x1b[K\r\x1b[K"


def test_a_reader_that_goes_away_ends_the_report_not_the_run() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe:
        report = Report(pipe)
        report("one line")
        report("another")
        assert isinstance(report.failure, BrokenPipeError)


@given(st.text())
def test_printable_text_steers_no_terminal(text: str) -> None:
    assert printable(text).isprintable()


@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "S"])))
def test_printable_text_is_unchanged(text: str) -> None:
    assert printable(text) == text


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("when", "environment", "terminal", "coloured"),
    [
        ("auto", {}, True, True),
        ("auto", {}, False, False),
        ("auto", {"NO_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": ""}, True, True),
        ("auto", {"TERM": "dumb"}, True, False),
        ("always", {}, False, True),
        ("always", {"NO_COLOR": "1"}, False, True),
        ("never", {}, True, False),
        ("never", {"CLICOLOR_FORCE": "1"}, True, False),
    ],
)
def test_who_asks_for_colour_gets_it(
    when: str, environment: dict[str, str], terminal: bool, coloured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_COLOR", "CLICOLOR_FORCE"):
        monkeypatch.setenv(name, "")  # so that it is restored
        monkeypatch.delenv(name)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    use_colour(when)
    assert has_colour(Terminal() if terminal else io.StringIO()) is coloured
