"""A plugin with columns of every kind, and runs that write its flows into a sink."""

from types import SimpleNamespace

import numpy as np

from t2tui.core.columns import Column
from t2tui.core.text.fields import blank
from t2tui.core.text.rows import Code, Field
from t2tui.plugins.base import Plugin

SLOTS = 64
NAMES = [b"plain", b'quote" and \\', b"tab\tline\nbell\x07\x0b", "snowman ☃;_".encode(), b"", b"=1+1", b",;'"]
POOL = np.frombuffer(b"".join(NAMES) + bytes(16), np.uint8)
STARTS = np.cumsum([0, *map(len, NAMES)])[:-1]
SINGLES = [0.0, 2.25, 82.523811340332031, 1.2e-5, 1e20, -1.5, 3.4e38, 1e-40, np.inf, np.nan]


class Kinds(Plugin):
    """Records with integers, hexadecimal numbers, singles, doubles, strings, times, lists, compounds."""

    name, number = "kinds", 300

    def start(self, run):
        super().start(run)
        n = np.arange(SLOTS)
        self.number_ = (np.uint64(2**64 - 1) - n.astype(np.uint64)).copy()
        self.signed = (n - 5).astype(np.int32)
        self.single = np.resize(np.array(SINGLES, np.float32), SLOTS)
        self.double = n / 3
        self.texts = n % len(NAMES)
        self.starts = STARTS[self.texts].astype(np.int64)
        self.lengths = np.array([len(name) for name in NAMES])[self.texts].astype(np.int64)
        self.counts = (n % 4).astype(np.uint8)
        self.list_ = np.arange(SLOTS * 3, dtype=np.uint16).reshape(SLOTS, 3)
        self.list_starts = STARTS[(n[:, None] + [0, 1, 2]) % len(NAMES)].astype(np.int64)
        self.list_lengths = np.array([len(name) for name in NAMES])[(n[:, None] + [0, 1, 2]) % len(NAMES)]
        self.list_singles = self.list_.astype(np.float32) / 7
        self.shown = (n % 2).astype(np.uint8)

    def flow_fields(self):
        def column(name, type_):
            return Column(name, type_, name, plugin="kinds", order=300)

        slot = "slot"
        string = {"second": self.lengths, "pool": POOL, "by": slot}
        return [
            (column("integer", "U64"), Field(Code.UINT, self.number_, by=slot)),
            (column("signed", "I32"), Field(Code.INT, self.signed, by=slot)),
            (column("hex", "H64"), Field(Code.HEX, self.number_, by=slot)),
            (column("single", "F"), Field(Code.FLOAT, self.single, by=slot)),
            (column("double", "D"), Field(Code.DOUBLE, self.double, by=slot)),
            (column("string", "S"), Field(Code.STRING, self.starts, **string)),
            (column("bare", "SC"), Field(Code.BARE, self.starts, **string)),
            (column("time", "U64.U32"), Field(Code.TIME, self.number_, second=self.number_, by=slot)),
            (column("list", "U16:R"), Field(Code.UINT, self.list_, count=self.counts, by=slot)),
            (
                column("strings", "S:R"),
                Field(
                    Code.STRING,
                    self.list_starts,
                    second=self.list_lengths.astype(np.int64),
                    pool=POOL,
                    count=self.counts,
                    by=slot,
                ),
            ),
            (column("singles", "F:R"), Field(Code.FLOAT, self.list_singles, count=self.counts, by=slot)),
            (
                column("pair", "H8_U64"),
                Field(Code.HEX, self.counts, by=slot, rest=(Field(Code.UINT, self.number_, by=slot),)),
            ),
            (
                column("sometimes", "U8"),
                Field(Code.UINT, self.counts, by=slot, when=(self.shown, 1), when_by=slot),
            ),
        ]


def shown(text):
    """A string as T2 shows it: it ends at a NUL, of which there are none here."""
    return text.decode()


def expected(kinds, slot):
    """The values of a flow: Python's own, singles widened; None where a cell is empty."""
    count = min(int(kinds.counts[slot]), 3)
    number = int(kinds.number_[slot])
    time = f"{number % 2**32}.{number % 2**32:09d}"
    name = shown(NAMES[slot % len(NAMES)])
    return {
        "integer": number,
        "signed": int(kinds.signed[slot]),
        "hex": f"0x{number:016x}",
        "single": float(kinds.single[slot]),
        "double": float(kinds.double[slot]),
        "string": name,
        "bare": name or None,
        "time": time,
        "list": kinds.list_[slot, :count].tolist() or None,
        "strings": [shown(NAMES[(slot + k) % len(NAMES)]) for k in range(count)] or None,
        "singles": kinds.list_singles[slot, :count].astype(float).tolist() or None,
        "pair": [f"0x{kinds.counts[slot]:02x}", number],
        "sometimes": int(kinds.counts[slot]) if slot % 2 else None,
    }


class Again(Plugin):
    """A second plugin whose columns have the names of the first one's, or differ in case alone."""

    name, number = "again", 310

    def start(self, run):
        super().start(run)
        self.values = np.arange(SLOTS, dtype=np.uint16) + 1000

    def flow_fields(self):
        return [
            (Column(name, "U16", name, plugin="again", order=310), Field(Code.UINT, self.values, by="slot"))
            for name in ("integer", "HEX", "other")
        ]


class Fading(Again):
    """Its columns are empty from some flow on, as those of a plugin that was switched off."""

    is_gone = False

    def flow_fields(self):
        pairs = super().flow_fields()
        return [(column, blank(field)) for column, field in pairs] if self.is_gone else pairs

    def go(self):
        self.is_gone = True
        self.run.columns_changed += 1


NAMED_AGAIN = ("integer_again", "HEX_again", "other")
"""Names of these columns where no two may be alike."""


def settings(plugin, **flags):
    return SimpleNamespace(**{flag.name: flag.default for flag in plugin.flags} | flags)


def write(run, *batches, ended=True):
    run.flows.records["flowInd"] = np.arange(len(run.flows.records)) + 1
    for slots in batches:
        for plugin in run.plugins.values():
            plugin.on_rows(np.array(slots, np.int32))
    if ended:
        for plugin in run.plugins.values():
            plugin.finish()
