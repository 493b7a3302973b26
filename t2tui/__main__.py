"""`python -m t2tui` is `t2tui`."""

import os
import signal
import sys

INTERRUPTED = 130
"""As ``t2tui.cli.exits``, which is not imported yet."""


def run() -> int:
    """Run the command line; Ctrl-C while its modules are still imported ends it without a word."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:
        signal.signal(signal.SIGINT, lambda number, frame: os._exit(INTERRUPTED))
    from t2tui.cli import main

    signal.signal(signal.SIGINT, before)
    return main()


if __name__ == "__main__":
    sys.exit(run())
