"""One of a few options, chosen with the keyboard."""

import asyncio
from collections.abc import Sequence

import pytest
from textual.app import App, ComposeResult

from t2tui.tui.widgets.choice import Choice, Option


class Shown(App[None]):
    def __init__(self, options: Sequence[Option]) -> None:
        super().__init__()
        self.choice = Choice(options, options[0].value)

    def compose(self) -> ComposeResult:
        yield self.choice


def chosen(options: Sequence[Option], *keys: str) -> str:
    async def main() -> str:
        app = Shown(options)
        async with app.run_test() as pilot:
            app.choice.focus()
            await pilot.press(*keys)
            return str(app.choice.value)

    return asyncio.run(main())


TWO = [Option("off", "off"), Option("on", "on")]
THREE = [Option("one", "1"), Option("two", "2"), Option("three", "3")]
WITH_OBSTACLE = [THREE[0], Option("two", "2", "not now"), THREE[2]]


@pytest.mark.parametrize(
    ("options", "keys", "expected"),
    [
        (TWO, ["space"], "on"),
        (TWO, ["space", "space"], "off"),
        (THREE, ["down", "space"], "two"),
        (THREE, ["j", "l"], "three"),
        (THREE, ["up"], "three"),
        (WITH_OBSTACLE, ["down"], "three"),
        (WITH_OBSTACLE, ["down", "left"], "one"),
    ],
)
def test_keys_choose(options: Sequence[Option], keys: list[str], expected: str) -> None:
    assert chosen(options, *keys) == expected
