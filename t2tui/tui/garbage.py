"""Collection of garbage, kept out of the way of the engine.

A program with a screen has several hundred thousand objects that stay to its end. Going through them again
and again, while modules are imported and flows are read, took a fifth of the time of both.
"""

import gc

THRESHOLDS = (20_000, 20, 20)
"""New objects, and collections of young ones, until the next collection (``gc.set_threshold``)."""


def postpone() -> None:
    """Collect nothing until resume()."""
    gc.disable()


def resume() -> None:
    """Collect what is made from now on; nothing if it was not postponed."""
    if not gc.isenabled():
        gc.freeze()
        gc.set_threshold(*THRESHOLDS)
        gc.enable()
