import pytest

from t2tui.tui.app import FlowApp
from t2tui.tui.opening import Opening
from tests.tui.screens import wait_for, wait_for_end

pytestmark = pytest.mark.filterwarnings("default")


def run(coroutine):  # type: ignore[no-untyped-def]
    import asyncio

    return asyncio.run(coroutine)


def test_the_table_fills_and_the_filter_narrows_it(exercise: Opening) -> None:
    async def main() -> None:
        app = FlowApp(exercise)
        async with app.run_test(size=(160, 48), notifications=True) as pilot:
            await wait_for_end(pilot, app)
            assert app.table.arranged is not None
            assert len(app.table.arranged) == 72
            await pilot.press("slash", *"$dstPort==21", "enter")
            await wait_for(pilot, lambda: app.table.arranged and len(app.table.arranged) == 1)
            assert app.table.line.startswith("A\t35\t")
            await pilot.press("escape")
            await wait_for(pilot, lambda: app.table.arranged and len(app.table.arranged) == 72)
            assert app.table.line.startswith("A\t35\t")

    run(main())
