"""Patterns of PCRE find the same bytes as PCRE says, or are refused with their place."""

import random
import re
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2tui.plugins.regex_pcre_syntax import (
    ANCHORED,
    CASELESS,
    DOLLAR_END,
    DOTALL,
    EXTENDED,
    EXTRA,
    MULTILINE,
    UNGREEDY,
    PatternError,
    compile_pattern,
    matcher,
)


def span(pattern: bytes, subject: bytes, mode: int = 0) -> tuple[int, int] | None:
    match = matcher(pattern, mode)(memoryview(subject))
    return match.span() if match else None


@pytest.mark.parametrize(
    ("pattern", "mode", "subject", "wanted"),
    [
        (rb"[[:alpha:]]+", 0, b"12ab3", (2, 4)),
        (rb"[^[:^digit:]a]+", 0, b"a12", (1, 3)),
        (rb"[]a]+", 0, b"x]a", (1, 3)),
        (rb"[^]a]", 0, b"]ab", (2, 3)),
        (rb"[\w-]+", 0, b"!a-b", (1, 4)),
        (rb"[\101-\x43]+", 0, b"xABCD", (1, 4)),
        (rb"\h+\x{41}\o{102}", 0, b"a\t AB", (1, 5)),
        (rb"\v", 0, b"a\x85", (1, 2)),
        (rb"^\R$", 0, b"\r\n", (0, 2)),
        (rb"\N+", DOTALL, b"ab\nc", (0, 2)),
        (rb"\Qa.b\E+", 0, b"axb a.bb", (4, 8)),
        (rb"\cA\e\a\0", 0, b"\x01\x1b\x07\x00", (0, 4)),
        (rb"(a)(b)\2\g{-1}\g1", 0, b"ababbba", (2, 7)),
        (rb"(?<n>a)\k<n>(?P=n)\k{n}\g{n}\k'n'", 0, b"xaaaaaa", (1, 7)),
        (rb"(a)\060\10", 0, b"a0\x08", (0, 3)),
        (rb"a{,2}", 0, b"aa{,2}", (1, 6)),
        (rb"a{x}", 0, b"a{x}", (0, 4)),
        (rb"a$", 0, b"a\n", (0, 1)),
        (rb"a$", DOLLAR_END, b"a\n", None),
        (rb"a\Z", 0, b"a\n", (0, 1)),
        (rb"a\z", 0, b"a\n", None),
        (rb"^", MULTILINE, b"a\n", (0, 0)),
        (rb"\n^", MULTILINE, b"a\n", None),
        (rb"\n^b$", MULTILINE, b"a\nb\n", (1, 3)),
        (rb"a.b", 0, b"a\nb", None),
        (rb"a.b", DOTALL, b"a\nb", (0, 3)),
        (rb"a(?s).b(?-s).", 0, b"a\nb\n", None),
        (rb"a(?s).b(?-s).", 0, b"a\nbc", (0, 4)),
        (rb"a(?i)b|c", 0, b"C", (0, 1)),
        (rb"(a(?i)b)c", 0, b"aBC", None),
        (rb"(a(?i)b)c", 0, b"aBc", (0, 3)),
        (rb"(?-i:a)b", CASELESS, b"AB aB", (3, 5)),
        (rb"(?i)a(?-i)b", 0, b"AB Ab", (3, 5)),
        (rb"a b # comment", EXTENDED, b"ab", (0, 2)),
        (rb"a\ b[ ]", EXTENDED, b"a b ", (0, 4)),
        (rb"(?x) a b (?-x) c", 0, b"ab c", (0, 4)),
        (rb"a+", UNGREEDY, b"aaa", (0, 1)),
        (rb"a+?", UNGREEDY, b"aaa", (0, 3)),
        (rb"(?U)a+", 0, b"aaa", (0, 1)),
        (rb"b", ANCHORED, b"ab", None),
        (rb"a(?#nothing)+", 0, b"aaa", (0, 3)),
        (rb"\j", 0, b"j", (0, 1)),
        (rb"(?>a+)a", 0, b"aaa", None),
        (rb"a++a", 0, b"aaa", None),
        (rb"(a)?b(?(1)c|d)", 0, b"bd abc", (0, 2)),
        (b"\xff[\x80-\x90]", 0, b"a\xff\x85", (1, 3)),
    ],
)
def test_what_python_writes_otherwise(
    pattern: bytes, mode: int, subject: bytes, wanted: tuple[int, int] | None
) -> None:
    assert span(pattern, subject, mode) == wanted


@pytest.mark.parametrize(
    ("pattern", "mode", "reason", "position"),
    [
        (rb"a(?R)", 0, "not supported", 1),
        (rb"ab(?1)", 0, "not supported", 2),
        (rb"(?|a|b)", 0, "not supported", 0),
        (rb"(*UTF8)a", 0, "verb", 0),
        (rb"a\K", 0, "not supported", 1),
        (rb"a\pL", 0, "not supported", 1),
        (rb"[a\N]", 0, "in a class", 2),
        (rb"[[.a.]]", 0, "collating", 1),
        (rb"[[:letter:]]", 0, "POSIX", 1),
        (rb"[b-a]", 0, "out of order", 1),
        (rb"[ab", 0, "terminating", 0),
        (rb"a)", 0, "unmatched", 1),
        (rb"a((b)", 0, "missing )", 1),
        (rb"a|*", 0, "nothing to repeat", 2),
        (rb"^*", 0, "nothing to repeat", 1),
        (rb"(?i)*", 0, "nothing to repeat", 4),
        (rb"a**", 0, "nothing to repeat", 2),
        (rb"a{3,2}", 0, "out of order", 1),
        (rb"a{70000}", 0, "too big", 1),
        (rb"ab\x{100}", 0, "too large", 2),
        (rb"ab\2(a)(b)", 0, "group 2", 2),
        (rb"\j", EXTRA, "unrecognized", 0),
        (rb"a\\\ "[:-1], 0, "end of pattern", 3),
        (rb"ab(?<=a|bc)", 0, "fixed-width", 0),
        (rb"a", 0x800, "option 0x800", 0),
    ],
)
def test_what_is_refused_and_where(pattern: bytes, mode: int, reason: str, position: int) -> None:
    with pytest.raises(PatternError, match=re.escape(reason)) as refused:
        compile_pattern(pattern, mode)
    assert refused.value.position == position


@given(st.binary(min_size=1, max_size=20), st.binary(max_size=5), st.binary(max_size=5))
def test_quoted_bytes_find_themselves(text: bytes, before: bytes, behind: bytes) -> None:
    quoted = b"\\Q" + text.replace(b"\\E", b"\\E\\\\E\\Q") + b"\\E"
    subject = before + text + behind
    assert span(quoted, subject) == (subject.find(text), subject.find(text) + len(text))


@given(st.text("ab()[]{}*+?|^$.\\dwsQEx1,:<=!i-#P ", max_size=14))
def test_any_text_is_compiled_or_refused(pattern: str) -> None:
    for mode in (0, EXTENDED | CASELESS | MULTILINE, UNGREEDY | DOTALL):
        try:
            matcher(pattern.encode(), mode)(b"aab b\n")
        except PatternError as refused:
            assert 0 <= refused.position <= len(pattern)


# ------------------------------------------------------------------ beside Perl
# without \R and possessive repeats, in which Perl and PCRE differ

ATOMS = (
    *("a", "b", "A", ".", r"\d", r"\w", r"\s", r"\W", r"\D", r"\h", r"\v", r"\N", r"\x41", r"\x{62}"),
    *(
        r"\n",
        "[ab]",
        "[^a]",
        "[[:alpha:]]",
        "[[:^digit:]x]",
        r"[a-c\n]",
        "[]a]",
        "[^]a]",
        "^",
        "$",
        r"\b",
        r"\B",
    ),
    *(
        r"\A",
        r"\z",
        r"\Z",
        r"\e",
        r"\060",
        "(?i)",
        "(?-i)",
        "(?s)",
        "(?m)",
        "(?x)",
        " ",
        "(?#x)",
        r"\cA",
        "-",
    ),
    *(r"\.", r"[\]]", r"[\w.]", "[[:space:]]", r"[\h]", "}"),
)
GROUPS = (
    "(",
    "(?:",
    "(?=",
    "(?!",
    "(?>",
    "(?<=",
    "(?<!",
    "(?i:",
    "(?-i:",
    "(?s-i:",
    "(?P<n>",
    "(?m:",
    "(?x:",
)
REPEATS = ("*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{0,1}?")
SUBJECTS = (
    b"a",
    b"b\n",
    b"ab\nA",
    b"aB1 \t\r\n",
    b"\x0b\xa0\x85zz9_-",
    b"a.b",
    b"\n\n",
    b"0\x1b\x01j",
    b"aabbAABB ",
)

PERL = """
binmode STDIN; binmode STDOUT; no warnings;
my $subjects = <STDIN>; chomp $subjects;
my @subjects = map { pack 'H*', $_ } split / /, $subjects;
while (<STDIN>) {
    chomp; my $pattern = pack 'H*', $_;
    my $regex = eval { qr/$pattern/ };
    if (!defined $regex) { print "refused\\n"; next }
    print join(' ', map { /$regex/ ? "$-[0],$+[0]" : '-' } @subjects), "\\n";
}
"""


def random_pattern(random_: random.Random, depth: int) -> str:
    parts = []
    for _ in range(random_.randint(1, 4)):
        if depth and random_.random() < 0.25:
            parts.append(random_.choice(GROUPS) + random_pattern(random_, depth - 1) + ")")
        else:
            parts.append(random_.choice(ATOMS))
        if random_.random() < 0.3:
            parts.append(random_.choice(REPEATS))
        if random_.random() < 0.15:
            parts.append("|")
    return "".join(parts)


@pytest.mark.skipif(shutil.which("perl") is None, reason="no perl to compare with")
def test_random_patterns_find_what_perl_finds() -> None:
    random_ = random.Random(5)
    patterns = [random_pattern(random_, 2).encode() for _ in range(3000)]
    lines = [" ".join(subject.hex() for subject in SUBJECTS), *(pattern.hex() for pattern in patterns)]
    run = subprocess.run(
        ["perl", "-e", PERL], input="\n".join(lines), capture_output=True, text=True, check=True
    )
    compared = 0
    for pattern, line in zip(patterns, run.stdout.splitlines(), strict=True):
        if line == "refused":
            continue
        try:
            compiled = compile_pattern(pattern)
        except PatternError:
            continue
        found = [compiled.search(subject) for subject in SUBJECTS]
        assert [f"{m.start()},{m.end()}" if m else "-" for m in found] == line.split(" "), pattern
        compared += 1
    assert compared > 1000
