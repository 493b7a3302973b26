"""Lines of streams: windows are parts of the whole, and only they are read."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from t2tui.cli.dialogue import _Notes
from t2tui.core.streams import CUT, DATA, SEGMENT, Part, Stream, StreamIndex
from t2tui.tui import streamlines
from t2tui.tui.safe import safe_text
from t2tui.tui.streamforms import FORMS, TEXT, text_cuts
from t2tui.tui.streamlines import Line, StreamLines
from tests.core.streams.making import UDP, Sent, stream
from tests.core.streams.test_search import Endless

TCP = 6

payloads = st.binary(min_size=1, max_size=40) | st.text("ab é你\r\n\x1b", min_size=1, max_size=40).map(
    str.encode
)


@st.composite
def streams(draw: st.DrawFn) -> Stream:
    """Both directions, with gaps, repetitions, other order, cut packets, keep-alives."""
    sent = []
    numbers = {"A": 100, "B": 5000}
    protocol = draw(st.sampled_from([TCP, TCP, UDP]))
    for _ in range(draw(st.integers(0, 25))):
        direction = draw(st.sampled_from("AB"))
        data = draw(payloads)
        step = draw(st.sampled_from([0, 0, 0, 0, -10, 7, -1]))
        captured = draw(st.sampled_from([None, None, None, 3]))
        at = numbers[direction] + step
        sent.append(Sent(at, data, direction=direction, captured=captured, protocol=protocol))
        numbers[direction] = max(numbers[direction], at + len(data))
    return stream(*sent)


def naive_notes(of: Stream, direction: str) -> list[tuple[list[str], Part | None]]:
    """The notes before each part, as the command line tells them, and the part; the rest at the end."""
    notes = _Notes(of, direction)  # type: ignore[arg-type]
    found: list[tuple[list[str], Part | None]] = []
    for part in of.parts(direction):  # type: ignore[arg-type]
        said = [*notes.before(part), *notes.on(part)]
        if part.kind != DATA:
            said.append(
                f"{part.direction}: {part.length} bytes {'not captured' if part.kind == CUT else 'missing'}"
            )
        found.append((said, part))
    return [*found, (list(notes.rest()), None)]


def naive_text(of: Stream, direction: str, marks: bool) -> Iterator[tuple[str, str]]:
    """Lines of text, made of the whole stream."""
    run, last, expected = b"", "", -1
    is_tcp = not len(of.index.segments) or of.index.segments["protocol"][0] == TCP

    def lines(run: bytes) -> Iterator[tuple[str, str]]:
        for line in run.replace(b"\r\n", b"\n").replace(b"\r", b"\n").removesuffix(b"\n").split(b"\n"):
            yield last, safe_text(line)

    for said, part in naive_notes(of, direction):
        is_new = part is None or part.kind != DATA or part.direction != last or part.offset != expected
        if (is_new or (said and marks) or not is_tcp) and run:
            yield from lines(run)
            run = b""
        if marks:
            yield from (("note", f"[{text}]") for text in said)
        if part is not None and part.kind == DATA:
            run += part.data
            last, expected = part.direction, part.offset + part.length


def naive_rows(of: Stream, direction: str, marks: bool, form: str) -> Iterator[tuple[str, str]]:
    width = FORMS[form].width
    for said, part in naive_notes(of, direction):
        if marks:
            yield from (("note", f"[{text}]") for text in said)
        if part is not None:
            for at in range(0, len(part.data), width):
                yield part.direction, FORMS[form].show(part.data[at : at + width], part.offset + at)


def told(lines: list[Line]) -> list[tuple[str, str]]:
    return [
        ("note", line.text.replace(",000", "000")) if line.is_note else (line.direction, line.text)
        for line in lines
    ]


def without_commas(lines: Iterator[tuple[str, str]] | list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(who, text.replace(",", "") if who == "note" else text) for who, text in lines]


@given(streams(), st.sampled_from(["both", "A", "B"]), st.booleans(), st.sampled_from(list(FORMS)), st.data())
@settings(max_examples=200, deadline=None)
def test_windows_are_parts_of_the_whole(
    of: Stream, direction: str, marks: bool, form: str, data: st.DataObject
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streamlines, "BLOCK", data.draw(st.sampled_from([1, 16, 64, 1 << 16])))
        patch.setattr(streamlines, "PIECES", data.draw(st.sampled_from([1, 3, 1 << 10])))
        lines = StreamLines(of, FORMS[form], direction, marks=marks)  # type: ignore[arg-type]
        naive = naive_text(of, direction, marks) if form == "text" else naive_rows(of, direction, marks, form)
        expected = without_commas(naive)
        if data.draw(st.booleans()):  # from the end
            at = lines.settle(lines.last(), len(expected))
            assert lines.height == len(expected)
            assert at == max(len(expected) - 1, 0)
        for _ in range(data.draw(st.integers(0, 3))):
            byte = data.draw(st.integers(0, max(lines.size, 1)))
            number = lines.at(byte)
            found = lines.window(number, 1)
            if lines.size:
                assert found[0].begin <= min(byte, lines.size - 1) < found[0].end
                again = lines.settle(number, 3)
                assert lines.window(again, 1) == found
        whole: list[Line] = []
        while part := lines.window(len(whole), data.draw(st.integers(1, 9))):
            whole += part
        assert without_commas(told(whole)) == expected
        assert lines.height == len(expected)
    shown = b"".join(line.data for line in whole)
    assert shown == of.bytes(direction)  # type: ignore[arg-type]
    for line in whole:
        assert line.text.isprintable()
        if not line.is_note:
            assert of.bytes(line.direction)[line.start : line.start + len(line.data)] == line.data  # type: ignore[arg-type]


@given(st.binary(max_size=3000), st.integers(1, 80))
def test_wrapped_lines_fit_and_lose_nothing(data: bytes, width: int) -> None:
    if not data:
        return
    lines = StreamLines(
        stream(*(Sent(at, data[at : at + 700]) for at in range(0, len(data), 700))),
        TEXT,
        "A",
        wrap=16 + width,
    )
    whole = lines.window(0, 10_000)
    assert b"".join(line.data for line in whole) == data
    from rich.cells import cell_len

    assert all(cell_len(line.text) <= 16 + width for line in whole)


def test_text_is_cut_between_characters() -> None:
    assert text_cuts("你好你好".encode(), 4) == [6]
    assert text_cuts(b"\xff\xffab", 8) == [2]
    assert text_cuts(b"abcdef\r\n", 3) == [3]


def test_very_long_lines_are_cut_between_characters() -> None:
    data = "é".encode() * 5000
    whole = StreamLines(stream(Sent(0, b"x" + data)), TEXT, "both").window(0, 1000)
    assert all("\\x" not in line.text for line in whole)
    assert max(len(line.data) for line in whole) <= streamlines.LONGEST
    assert b"".join(line.data for line in whole) == b"x" + data


HOSTILE = (
    b"\x1b]0;title\x07\x1b[2J\x9b31m\xc2\x9b\x00\x08\x7f[/x] [@click=app.quit]"
    + "\u202e\u200b\u2066".encode()
)


@pytest.mark.parametrize("form", list(FORMS))
@pytest.mark.parametrize("wrap", [0, 16])
def test_hostile_bytes_never_reach_a_line(form: str, wrap: int) -> None:
    for cut in range(len(HOSTILE)):
        of = stream(Sent(0, HOSTILE[:cut] or b"-"), Sent(cut or 1, HOSTILE[cut:]))
        for line in StreamLines(of, FORMS[form], "both", wrap=wrap).window(0, 100):
            assert line.text.isprintable()
            assert not {"\u202e", "\u200b", "\u2066", "\x9b"} & set(line.text)


@pytest.mark.parametrize("form", list(FORMS))
@given(data=st.binary(min_size=1, max_size=48), begin=st.integers(0, 47), length=st.integers(1, 48))
@settings(max_examples=60)
def test_places_of_bytes_are_in_the_line(form: str, data: bytes, begin: int, length: int) -> None:
    data = data[: FORMS[form].width or 48]
    begin = min(begin, len(data) - 1)
    end = min(begin + length, len(data))
    text = FORMS[form].show(data, 0x10)
    places = FORMS[form].places(data, 0x10, begin, end)
    assert all(0 <= first <= behind for first, behind in places)
    if form == "hexdump":
        digits = "".join(text[first:behind] for first, behind in places[:-1])
        assert digits == data[begin:end].hex()
    elif form == "hex":
        assert text[places[0][0] : places[0][1]] == data[begin:end].hex()
    elif form == "raw":
        assert text[places[0][0] : places[0][1]] == FORMS[form].show(data[begin:end], 0)


@pytest.mark.parametrize("form", list(FORMS))
def test_a_gigabyte_is_opened_and_its_end_is_near(form: str) -> None:
    segments = np.zeros(16_384, SEGMENT)
    segments["captured"] = segments["length"] = 65_535
    segments["place"] = segments["seq"] = np.arange(len(segments)) * 65_535
    segments["protocol"] = TCP
    source = Endless()
    of = Stream(StreamIndex.build(segments), source)
    lines = StreamLines(of, FORMS[form], "both")
    assert source.read_bytes == 0
    assert len(lines.window(0, 50)) == 50
    assert lines.height > 100_000
    end = lines.settle(lines.last(), 50)
    assert lines.window(end - 49, 50)[-1].end == of.size() > 10**9
    middle = lines.at(of.size() // 2)
    assert lines.window(middle, 1)[0].begin <= of.size() // 2
    assert source.read_bytes < 8 * streamlines.BLOCK
