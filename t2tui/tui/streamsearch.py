"""What was found in a stream so far, and where the next match is."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field

from t2tui.core.streams.search import Match
from t2tui.tui.figures import amount

MOST = 10_000
"""Matches that are kept; the search ends there."""


@dataclass
class Findings:
    """The matches of one search.

    Attributes:
        pattern: as it was typed.
        first: byte at which the search began; it goes on from the begin when it has come to the end.
        done: which part of the stream was searched.
        is_running: more may come.
        matches: in order.
        chosen: the one that was gone to.
        wanted: 1 or -1: the next one, or the one before, is to be gone to when it is known.
    """

    pattern: str
    first: int
    done: float = 0.0
    is_running: bool = True
    matches: list[Match] = field(default_factory=list)
    chosen: Match | None = None
    wanted: int = 1

    @property
    def is_full(self) -> bool:
        """Whether no more matches are taken."""
        return len(self.matches) >= MOST

    def add(self, matches: "list[Match]") -> None:
        """Take in what was found."""
        self.matches = sorted([*self.matches, *matches[: MOST - len(self.matches)]])

    def step(self, byte: int) -> Match | None:
        """Return the match that is wanted, as soon as it is known for sure; choose it.

        Args:
            byte: where the cursor is, if no match was chosen so far.
        """
        if not self.wanted or not self.matches:
            return None
        places = [match.place for match in self.matches]
        number: int | None
        if self.wanted > 0:
            number = bisect_right(places, self.chosen.place) if self.chosen else bisect_left(places, byte)
            if number == len(places):
                number = None if self.is_running else 0
        else:
            if self.is_running:  # another one may be nearer
                return None
            number = (bisect_left(places, self.chosen.place if self.chosen else byte) - 1) % len(places)
        if number is None:
            return None
        self.wanted, self.chosen = 0, self.matches[number]
        return self.chosen

    def words(self) -> str:
        """Return how far it is and what was found."""
        count = f"{amount(len(self.matches))}{'+' if self.is_full or self.is_running else ''}"
        if not self.matches:
            said = "searching" if self.is_running else "not found"
        elif self.chosen is None:
            said = f"{count} found"
        else:
            said = f"{amount(bisect_left(self.matches, self.chosen) + 1)} of {count}"
        return f"{said} {self.done:.0%} (Esc stops)".replace("%", " %") if self.is_running else said
