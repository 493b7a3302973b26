"""Plugins of users as modules: ``from t2tui.plugins.user import NAME`` in one of them uses another one.

NAME is that of the plugin, without its number; the module is imported from the plugin's file. What is found
there is Python, not a running plugin: records of a running one are in ``run.plugins[NAME]``.
"""

from types import ModuleType


def __getattr__(name: str) -> ModuleType:
    """Import the module of a user's plugin."""
    from t2tui.plugins import files

    if not files.NAME.fullmatch(name):
        raise AttributeError(f"module {__name__} has no attribute {name!r}")
    found = files.plugin_files().get(name)
    if found is None:
        raise ImportError(f"no plugin file NNN_{name}.py in {files.searched()}")
    return files.import_file(found)
