"""The benchmark is a folder of scripts beside the package: its modules are found as its scripts find them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
