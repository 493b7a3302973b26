"""The command line. One module per subcommand, imported when it is called."""

from t2tui.cli.app import main

__all__ = ["main"]
