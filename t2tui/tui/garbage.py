"""Collection of garbage, kept out of the way of the engine.

The modules of a program with a screen have several hundred thousand objects that stay to its end. Going
through them again and again, while modules are imported and flows are read, took a tenth of the time of both.
"""

import gc


def postpone() -> None:
    """Collect nothing until resume()."""
    gc.disable()


def keep() -> None:
    """Look at nothing again that there is now; called when all modules are there, and no data yet."""
    gc.freeze()


def resume() -> None:
    """Collect what has been made since keep()."""
    gc.enable()
