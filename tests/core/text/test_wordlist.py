from hypothesis import given
from hypothesis import strategies as st

from t2tui.core.text.fields import Words
from t2tui.core.text.wordlist import WordList

TEXTS = st.lists(st.binary(max_size=40), max_size=30)


def texts_of(words: Words, count: int) -> list[bytes]:
    return [
        words.data[start : start + length].tobytes()
        for start, length in zip(words.start[:count], words.length[:count], strict=True)
    ]


@given(TEXTS, TEXTS)
def test_appended_texts_follow_the_first_ones(first, more):
    words = WordList(first)
    given_out = [(words.words, len(words))]
    for text in more:
        words.append(text)
        given_out.append((words.words, len(words)))
    assert len(words) == len(first) + len(more)
    for each, count in given_out:  # those given out before keep what they had
        assert texts_of(each, count) == (first + more)[:count]


def test_few_new_words_are_made():
    words = WordList([])
    made = set()
    for number in range(10_000):
        words.append(b"%d" % number)
        made.add(id(words.words))
    assert len(made) < 60
