"""What a run leaves behind: nothing that waits for the garbage collector."""

import gc
import weakref
from pathlib import Path

import pytest

from t2tui import plugins
from t2tui.core.engine import Engine, RunOptions
from t2tui.core.outputs import Outputs

CAPTURE = Path(__file__).parents[2] / "sample_data" / "exercise.pcap.gz"


@pytest.mark.parametrize("packet_mode", [False, True])
def test_tables_of_a_closed_engine_are_freed_at_once(tmp_path, packet_mode):
    gc.collect()
    gc.disable()
    try:
        with Outputs(str(tmp_path / "out"), [CAPTURE]) as outputs:
            engine = Engine(
                str(CAPTURE), RunOptions(packet_mode=packet_mode), outputs, plugins.load(plugins.STANDARD)
            )
            flows = weakref.ref(engine.run_state.flows)
            engine.run()
            engine.close()
        del engine
        assert flows() is None
    finally:
        gc.enable()
