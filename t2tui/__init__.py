"""Flow analysis of packet captures in the terminal."""

__version__ = "0.1.0"
