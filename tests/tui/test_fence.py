"""Nothing is handed to a widget that textual would read markup in, or that is not safe text."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

import t2tui.tui
from t2tui.tui.safe import safe_cells, safe_content, safe_text

SOURCES = sorted(Path(t2tui.tui.__file__).parent.rglob("*.py"))
SAFE = {"safe_text", "safe_content"}
BANNED = {
    "Label",
    "Button",
    "Tree",
    "Markdown",
    "Collapsible",
    "Checkbox",
    "RadioButton",
    "Select",
    "SelectionList",
    "from_markup",
    "assemble",
    "styled",
}
"""Widgets that read markup in every text, and functions that do."""
NEED_MARKUP_OFF = {"Static", "Note", "OptionList", "RichLog", "notify"}


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            yield name, node


def is_safe(node: ast.expr) -> bool:
    """A constant, or the result of the fence."""
    if isinstance(node, ast.Constant):
        return True
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SAFE


@pytest.mark.parametrize(
    "path", [path for path in SOURCES if path.name != "safe.py"], ids=lambda path: path.stem
)
def test_text_passes_the_fence(path: Path) -> None:
    for name, call in calls(path):
        where = f"{path.name}:{call.lineno}: {ast.unparse(call)}"
        assert name not in BANNED, where
        if name in ("Content", "Text") and call.args:
            assert is_safe(call.args[0]), where
        if name in NEED_MARKUP_OFF and not (name == "notify" and not call.args):
            is_off = any(
                word.arg == "markup" and not getattr(word.value, "value", 1) for word in call.keywords
            )
            is_content = bool(call.args) and ast.unparse(call.args[0]).startswith("Content(")
            assert is_off or is_content, where


def test_titles_of_borders_are_content() -> None:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Assign) and "border_" in ast.unparse(node.targets[0]):
                assert ast.unparse(node.value).startswith("Content("), f"{path.name}:{node.lineno}"


def test_tooltips_are_content() -> None:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).endswith(".tooltip"):
                assert ast.unparse(node.value).startswith("safe_content("), f"{path.name}:{node.lineno}"


@given(st.text() | st.binary())
def test_safe_text_is_one_line_that_takes_the_place_that_it_shows(text: str | bytes) -> None:
    shown = safe_text(text)
    assert shown.isprintable()
    assert all(cell_len(character) for character in shown)
    assert safe_text(shown) == shown
    assert safe_content(text).plain == shown


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_safe_text_leaves_ascii_as_it_is(text: str) -> None:
    assert safe_text(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", "␛[2J"),
        ("a\tb\nc\x7f", "a␉b␊c␡"),
        ("\x9b31m", "\\x9b31m"),
        ("\u202eabc\u2066\u200b", "\\u202eabc\\u2066\\u200b"),
        ("e\u0301", "e\\u0301"),
        (b"\xff\xc3\xa9", "\\xffé"),
        ("\U000e0041", "\\U000e0041"),
        ("你好 é", "你好 é"),
    ],
)
def test_safe_text_examples(text: str | bytes, shown: str) -> None:
    assert safe_text(text) == shown


@given(st.lists(st.text(st.characters(blacklist_characters="\t")), min_size=1))
def test_cells_stay_apart(cells: list[str]) -> None:
    assert safe_cells("\t".join(cells)) == [safe_text(cell) for cell in cells]
