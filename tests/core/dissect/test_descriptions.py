"""Header descriptions: text, cutting, and memory that stays bounded whoever invents them."""

import struct
from collections.abc import Sequence
from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from t2tui.core.dissect import names
from t2tui.core.dissect.context import CONTEXT
from t2tui.core.dissect.descriptions import CUT, MISSED, Descriptions, append
from t2tui.core.dissect.dissector import Dissector
from t2tui.core.flowstat import HDOVRN
from t2tui.core.text.rows import Code, Field, RowWriter
from tests.core.dissect.dissecting import Record, dissect

LIMIT = 127


def token_text(token: int) -> str:
    kind, value = token >> 24, token & 0xFFFFFF
    patterns = {
        names.UNKNOWN_DECIMAL: ":UNK(%d)",
        names.UNKNOWN_HEX4: ":UNK(0x%04x)",
        names.UNKNOWN_HEX2: ":UNK(0x%02x)",
        names.REPEAT: "{%d}",
    }
    return names.NAMES[value] if kind == names.NAME else patterns[kind] % value


def chain_text(chain: Sequence[int]) -> str:
    text = "".join(map(token_text, chain))
    return text if len(text) <= LIMIT else text[: LIMIT - 3] + "..."


compiled_append = append.made


@numba.njit(_nrt=False)
def walk(contexts, chain):
    """Append tokens as a packet's headers do; returns how it ended."""
    c = contexts[0]
    c.node = 0
    c.text = 0
    was_cut = False
    for token in chain:
        was_cut = compiled_append(c, token)
    return c.node, c.text, was_cut


class Tree:
    """Descriptions with the dissector's loop around them."""

    def __init__(self, capacity: int) -> None:
        self.descriptions = Descriptions(capacity)
        self.contexts = np.zeros(1, CONTEXT)
        self.collections = 0

    def add(self, chain: Sequence[int]) -> tuple[int, bool]:
        """Number of a chain, and whether its text is cut."""
        context = self.contexts[0]
        while True:
            self.descriptions.lend(context)
            node, text, was_cut = walk(self.contexts, np.array(chain, np.int64))
            self.descriptions.take_back(context)
            if node != MISSED:
                assert (node == CUT) == was_cut
                assert was_cut or node == text
                return int(text), bool(was_cut)
            if not self.descriptions.settle(context):
                assert self.descriptions.is_full
                self.descriptions.forget()
                self.collections += 1


def of(kind: int, values: st.SearchStrategy[int]) -> st.SearchStrategy[int]:
    return values.map(lambda value: kind << 24 | value)


NAMES = st.sampled_from(
    [names.token(name) for name in ("eth", ":ipv4", ":ipv6.hopopts", ":mp", ":capwap.data")]
)
TOKENS = st.one_of(
    NAMES,
    NAMES,
    of(names.UNKNOWN_DECIMAL, st.integers(0, 255)),
    of(names.UNKNOWN_HEX4, st.integers(0, 0xFFFF)),
    of(names.UNKNOWN_HEX2, st.integers(0, 255)),
    of(names.REPEAT, st.integers(2, 65536)),
)
CHAINS = st.lists(TOKENS, max_size=45)


@settings(max_examples=80)
@given(st.lists(CHAINS, max_size=12))
def test_texts_are_the_joined_names_cut_at_127_characters(chains: list[list[int]]) -> None:
    tree = Tree(2048)
    numbers: dict[str, int] = {}
    for chain in [*chains, *chains]:
        number, was_cut = tree.add(chain)
        text = chain_text(chain)
        assert tree.descriptions.text(number).decode() == text
        assert was_cut == (len("".join(map(token_text, chain))) > LIMIT)
        assert numbers.setdefault(text, number) == number  # one text, one number
    assert len(set(numbers.values())) == len(numbers)


@pytest.mark.parametrize("name", names.NAMES)
def test_every_name(name: str) -> None:
    tree = Tree(64)
    number, _ = tree.add([names.token(name)])
    assert tree.descriptions.text(number).decode() == name


@settings(max_examples=25)
@given(st.data())
def test_what_is_pinned_survives_and_memory_stays_bounded(data: st.DataObject) -> None:
    tree = Tree(256)  # texts; a chain needs up to 45 on its way
    pinned: dict[int, str] = {}
    tree.descriptions.pin(lambda: np.array([*pinned, 0], np.uint32))
    for _ in range(data.draw(st.integers(20, 60))):
        chain = data.draw(CHAINS)
        number, _ = tree.add(chain)
        assert tree.descriptions.text(number).decode() == chain_text(chain)
        if len(pinned) < 3 and data.draw(st.booleans()):
            pinned[number] = chain_text(chain)
        for kept, text in pinned.items():
            assert tree.descriptions.text(kept).decode() == text
        # three pinned chains and what leads to them are at most 136
        assert len(tree.descriptions) <= (256 if len(pinned) < 3 else 512)


def shown(words: Any, numbers: NDArray[np.uint32]) -> list[str]:
    writer = RowWriter([Field(Code.WORD, numbers, words=words)])
    text = b"".join(bytes(chunk) for chunk in writer.chunks((0, len(numbers)), None, np.zeros(0, np.uint8)))
    return text.decode().split("\n")[:-1]


def test_words_taken_earlier_keep_their_texts() -> None:
    tree = Tree(64)
    eth = names.token("eth")
    first = [tree.add([eth, names.UNKNOWN_HEX4 << 24 | i])[0] for i in range(50)]
    words = tree.descriptions.words
    wanted = [f"eth:UNK(0x{i:04x})" for i in range(50)]
    assert shown(words, np.array(first, np.uint32)) == wanted
    second = [tree.add([eth, names.UNKNOWN_HEX4 << 24 | 0x1000 + i])[0] for i in range(50)]
    assert tree.collections == 1
    assert shown(words, np.array(first, np.uint32)) == wanted
    last = np.array(second[-30:], np.uint32)
    assert shown(tree.descriptions.words, last) == [f"eth:UNK(0x10{i:02x})" for i in range(20, 50)]


def test_words_show_texts_that_are_added_later() -> None:
    tree = Tree(64)
    words = tree.descriptions.words
    number, _ = tree.add([names.token("eth"), names.token(":ipv4")])
    assert shown(words, np.array([0, number], np.uint32)) == ["", "eth:ipv4"]


def test_room_is_doubled_only_when_most_of_it_is_needed() -> None:
    tree = Tree(64)
    pinned: list[int] = []
    tree.descriptions.pin(lambda: np.array(pinned, np.uint32))
    for i in range(1000):
        number, _ = tree.add([names.UNKNOWN_HEX4 << 24 | i])
        if i % 10 == 0:
            pinned.append(number)
    assert len(tree.descriptions) <= 256  # 101 are needed
    texts = [tree.descriptions.text(number).decode() for number in pinned]
    assert texts == [f":UNK(0x{i:04x})" for i in range(0, 1000, 10)]


def test_many_chains_with_one_cut_text() -> None:
    """Cut texts are shared, their entries are not: these are forgotten, too."""
    tree = Tree(64)
    long = [names.token(":ipv6.hopopts")] * 9  # 117 characters; 124 are kept
    numbers = set()
    for i in range(2000):
        number, was_cut = tree.add([*long, names.UNKNOWN_HEX4 << 24 | i])
        numbers.add(tree.descriptions.text(number).decode())
        assert was_cut
    assert numbers == {":ipv6.hopopts" * 9 + ":UNK(0x" + "..."}
    assert len(tree.descriptions) <= 64


def nested(depth: int, tags: int = 0) -> bytes:
    """IPv4 in IPv4 and so on; the innermost has TCP."""
    headers = [
        struct.pack(">BBHHHBBHII", 0x45, 0, (20 * (depth - i) + 20) & 0xFFFF, 0, 0, 64, 4, 0, 1, 2)
        for i in range(depth)
    ]
    headers[-1] = headers[-1][:9] + b"\x06" + headers[-1][10:]
    return bytes(12) + b"\x81\x00\x00\x07" * tags + b"\x08\x00" + b"".join(headers) + bytes(20)


@pytest.mark.parametrize("depth", [1, 2, 23, 24, 25, 26, 3000])
def test_chains_in_packets(depth: int) -> None:
    found = dissect([nested(depth)])
    whole = "eth" + ":ipv4" * depth + ":tcp"
    is_cut = len(whole) > LIMIT
    assert found.text(0) == (whole[: LIMIT - 3] + "..." if is_cut else whole)
    assert bool(int(found.packets[0]["status"]) & HDOVRN) == is_cut
    assert found.packets[0]["numHdrs"] == depth + 2
    assert len(found.dissector.descriptions) <= LIMIT // len(":ipv4") + 3  # whatever the depth


@pytest.mark.parametrize("count", [1, 2, 9, 10, 400])
def test_repeated_tags_stand_once_with_their_number(count: int) -> None:
    found = dissect([nested(1, tags=count)])
    assert found.text(0) == ("eth:vlan:ipv4:tcp" if count == 1 else f"eth:vlan{{{count}}}:ipv4:tcp")
    assert found.packets[0]["numHdrs"] == count + 3


def test_a_hundred_thousand_inventions_take_the_room_of_a_few() -> None:
    """Each packet has a description that no other one has; what they leave is bounded."""
    dissector = Dissector(1)
    dissector.descriptions = Descriptions(4096)
    tag = b"\x81\x00\x00\x05"
    texts = 0
    for tags in range(2, 52):
        frames = [Record(bytes(12) + tag * tags + (0x9300 + i).to_bytes(2) + bytes(2)) for i in range(2000)]
        found = dissect(frames, dissector=dissector)
        last = found.packets["hdrDesc"][-1]
        assert (
            dissector.descriptions.text(int(last)).decode()
            == f"eth:vlan{{{tags}}}:UNK(0x{0x9300 + 1999:04x})"
        )
        texts += 2000
        assert len(dissector.descriptions) <= 4096
    assert texts == 100_000
