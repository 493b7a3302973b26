"""Which plugins exist, in which order they run, what happens without a dependency."""

import subprocess
import sys

import pytest

from t2tui import plugins
from t2tui.core.settings import load_settings
from t2tui.plugins.base import Plugin


def test_plugins_run_in_the_order_of_their_numbers() -> None:
    loaded = plugins.load(reversed(plugins.names()))
    numbers = [plugin.number for plugin in loaded]
    assert numbers == sorted(numbers)
    assert {plugin.name for plugin in loaded} == set(plugins.names())


def test_a_name_stands_for_the_plugin_that_bears_it() -> None:
    assert {name: plugin.name for name, plugin in plugins.available().items()} == {
        name: name for name in plugins.names()
    }
    assert len({plugin.number for plugin in plugins.available().values()}) == len(plugins.names())


def test_every_plugin_says_what_it_does() -> None:
    for plugin in plugins.available().values():
        assert plugin.summary
        assert all(flag.help for flag in plugin.flags), plugin.name


def test_a_repeated_name_counts_once() -> None:
    assert [plugin.name for plugin in plugins.load(["txtSink", "basicFlow", "txtSink"])] == [
        "basicFlow",
        "txtSink",
    ]


@pytest.mark.parametrize(("wrong", "right"), [("basicFlwo", "basicFlow"), ("TXTSINK", "txtSink")])
def test_an_unknown_name_is_an_error_that_suggests_the_nearest(wrong: str, right: str) -> None:
    with pytest.raises(plugins.UnknownPluginError, match=f"{wrong}.*did you mean {right}"):
        plugins.load(["basicFlow", wrong])


def test_a_name_like_no_other_gets_the_list_of_all() -> None:
    with pytest.raises(plugins.UnknownPluginError, match="there are protoStats, basicFlow, "):
        plugins.find("!")


def test_a_plugin_without_its_dependencies_is_left_out_and_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    class Late(Plugin):
        name, number, requires = "late", 50, ("basicFlow", "early", "later")

    class Early(Plugin):
        name, number = "early", 40

    class Later(Plugin):
        name, number, requires = "later", 60, ("late",)

    known = {"late": Late, "early": Early, "later": Later, "basicFlow": plugins.find("basicFlow")}
    monkeypatch.setattr(plugins, "find", known.__getitem__)
    errors: list[str] = []
    loaded = plugins.load(["late", "early", "later", "basicFlow"], error=errors.append)
    assert [plugin.name for plugin in loaded] == ["early", "basicFlow"]
    assert errors == ["late: missing dependencies: basicFlow, later", "later: missing dependencies: late"]


def test_flags_have_their_defaults_until_others_are_given() -> None:
    (plugin,) = plugins.load(["basicStats"])
    assert plugin.settings.BS_XMAX == 65535
    flags = {name: plugin.flags for name, plugin in plugins.available().items()}
    (plugin,) = plugins.load(["basicStats"], load_settings(flags, assignments=["basicStats.BS_XMAX=9"]))
    assert plugin.settings.BS_XMAX == 9


def test_the_names_are_known_without_importing_a_compiler() -> None:
    code = "import sys; from t2tui import plugins; plugins.names(); assert 'numba' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
