"""Flow analysis of packet captures: Tranalyzer2's flows as columns.

>>> import t2tui
>>> flows = t2tui.analyze("capture.pcap").flows  # doctest: +SKIP
>>> flows["pktsSnt"].sum()  # doctest: +SKIP
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from t2tui.api import Analysis, analyze, extract_flows, stream
    from t2tui.core.decode import decode

__version__ = "0.1.0"
__all__ = ["Analysis", "__version__", "analyze", "decode", "extract_flows", "stream"]


def __getattr__(name: str) -> Any:
    """Import the engine when it is first used: ``t2tui --help`` does not need it."""
    if name == "decode":
        from t2tui.core.decode import decode

        return decode
    if name in __all__:
        from t2tui import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
