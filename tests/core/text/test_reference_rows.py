"""The cells of the reference's own files, read by plain Python, are written again as they were."""

import ipaddress
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from t2tui.core.columns import find
from t2tui.core.layout import KIND_IPV4, KIND_IPV6, KIND_LAYER2
from t2tui.core.text.rows import Code, Field, RowWriter, Words

EXPECTED = Path(__file__).parents[4] / "shared" / "golden" / "expected"


def read(type_code: str, texts: list[bytes]) -> list[Field]:
    """Read the cells of one column back into values."""
    if type_code.endswith(":R"):
        return [repeated(type_code[:-2], texts)]
    if type_code == "U64.U32":
        parts = [text.split(b".") for text in texts]
        seconds, fraction = np.array([[int(a), int(b)] for a, b in parts], np.int64).reshape(-1, 2).T
        return [Field(Code.SIGNED_TIME if b"-" in b"".join(texts) else Code.TIME, seconds, second=fraction)]
    if type_code == "IPX":
        addresses = [None if text in (b"-", b"") else ipaddress.ip_address(text.decode()) for text in texts]
        number = np.array([0 if a is None else int(a) for a in addresses], object)
        kind = np.array(
            [KIND_LAYER2 if a is None else KIND_IPV4 if a.version == 4 else KIND_IPV6 for a in addresses]
        )
        upper, lower = (number >> 64).astype("u8"), (number & (2**64 - 1)).astype("u8")
        return [Field(Code.IPX, upper, second=lower, kind=kind.astype("u1"), when=filled(texts))]
    code, values, words = elements(type_code, texts)
    return [Field(code, values, words=words, when=filled(texts))]


def filled(texts: list[bytes]) -> tuple[np.ndarray, int]:
    return np.array([text != b"" for text in texts], "u1"), 1


def elements(type_code: str, texts: list[bytes]) -> tuple[Code, np.ndarray, Words | None]:
    texts = [text or b"0" for text in texts]
    kind, bits = type_code[0], type_code[1:]
    if type_code == "C":
        return Code.CHAR, np.array([ord(text) for text in texts], "u1"), None
    if type_code == "F":
        return Code.FLOAT, np.array([float(text) for text in texts], "f4"), None
    if type_code in ("D", "D9"):
        return (Code.SECONDS if type_code == "D9" else Code.DOUBLE), np.array([float(t) for t in texts]), None
    if type_code == "MAC":
        return Code.MAC, np.array([int(text.replace(b":", b""), 16) for text in texts], "u8"), None
    if kind in "UIH" and bits.isdigit():
        code = {"U": Code.UINT, "I": Code.INT, "H": Code.HEX}[kind]
        dtype = np.dtype(f"{'i' if kind == 'I' else 'u'}{int(bits) // 8}")
        return code, np.array([int(text, 0) for text in texts], object).astype(dtype), None
    distinct = sorted(set(texts))
    numbers = {text: number for number, text in enumerate(distinct)}
    return Code.WORD, np.array([numbers[text] for text in texts], "u4"), Words.from_texts(distinct)


def repeated(type_code: str, texts: list[bytes]) -> Field:
    lists = [text.split(b";") if text else [] for text in texts]
    capacity = max(1, *map(len, lists))
    padded = [cells + [b""] * (capacity - len(cells)) for cells in lists]
    code, values, words = elements(type_code, [text for cells in padded for text in cells])
    count = np.array(list(map(len, lists)), "u1")
    return Field(code, values.reshape(-1, capacity), count=count, words=words)


def table(path: Path, file: Literal["flows", "packets"]) -> tuple[list[Field], list[bytes]]:
    """Read a file: fields, and the lines without the header."""
    header, *lines = path.read_bytes().split(b"\n")[:-1]
    cells = zip(*(line.split(b"\t") for line in lines), strict=True)
    types = [find(name, file).type for name in header[1:].decode().split("\t")]
    fields: list[Field] = []
    for type_code, texts in zip(types, cells, strict=bool(lines)):
        fields += read(type_code, list(texts))
    return fields, lines


@pytest.mark.golden
@pytest.mark.skipif(not EXPECTED.is_dir(), reason=f"no reference files in {EXPECTED}")
@pytest.mark.parametrize(("plugins", "file"), [("full", "flows"), ("full", "packets"), ("minimal", "flows")])
def test_rows_of_the_reference_are_reproduced(plugins: str, file: Literal["flows", "packets"]):
    paths = sorted((EXPECTED / plugins).glob(f"*/{file}.txt"))
    written = 0
    for path in paths:
        fields, lines = table(path, file)
        if lines:
            got = RowWriter(fields).write((0, len(lines))).split(b"\n")[:-1]
            differences = [pair for pair in zip(got, lines, strict=True) if pair[0] != pair[1]]
            assert not differences, (path, len(differences), differences[0])
            written += len(lines)
    assert written > 1000
