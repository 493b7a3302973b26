"""TCP sequence numbers of one direction -> positions that do not wrap (RFC 9293, 3.4).

Positions of one connection lie within an *epoch*. A new epoch begins where the numbers begin anew: with the
SYN of another connection that the engine counts to the same flow, or where they jump further than any
window reaches and go on from there. Epochs lie EPOCH apart on one axis, so that order, overlaps and gaps of
all of them are found at once.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from t2tui.core.streams.records import FIN, RST, SYN

WINDOW = 1 << 30
"""Nobody may send further ahead than the largest window (RFC 7323, 2.3)."""

RESYNC = 1 << 20
"""How near a second segment must be to a first one outside the window, for both to be believed."""

EPOCH = 1 << 42
"""Distance of epochs on the axis; more than a stream of 4 TB needs."""

EPOCHS = 1 << 20
"""Most epochs of a direction; so all positions fit 64 bits."""


class Positions(NamedTuple):
    """Where the segments of a direction lie.

    Attributes:
        starts: int64, position of the first payload byte by segment; epochs lie EPOCH apart.
        tops: int64, largest position behind a segment before this one, of the same epoch; its own start
            where none came before.
        placed: bool, has a position: false outside of the window, and for resets.
        begins: bool, first segment of an epoch other than the first one.
        synchronised: bool, the segment's epoch begins with a SYN.
    """

    starts: NDArray[np.int64]
    tops: NDArray[np.int64]
    placed: NDArray[np.bool_]
    begins: NDArray[np.bool_]
    synchronised: NDArray[np.bool_]


def positions(segments: NDArray[Any]) -> Positions:
    """Find the positions of the segments of one direction.

    Args:
        segments: SEGMENT records in the order of the capture, all of TCP and none a later fragment.
    """
    count = len(segments)
    is_syn = segments["flags"] & (SYN | RST) == SYN
    numbers = segments["seq"] + is_syn.astype(np.uint32)
    placed = segments["flags"] & RST == 0
    begins = np.zeros(count, bool)
    accepted, refused = _new_connections(numbers, is_syn, placed)
    begins[accepted], placed[refused] = True, False
    rows = np.flatnonzero(placed)
    starts, tops = np.zeros(count, np.int64), np.zeros(count, np.int64)
    lengths = segments["length"].astype(np.int64)
    walk = _walk(numbers[rows], lengths[rows], begins[rows])
    if walk is None:
        walk = _walk_carefully(numbers[rows], lengths[rows], begins[rows])
    starts[rows], tops[rows], placed[rows], begins[rows] = walk
    synchronised = np.zeros(count, bool)
    if len(rows):
        epochs = starts[rows] + EPOCH // 2 >> EPOCH.bit_length() - 1
        first = np.zeros(int(epochs.max()) + 1, bool)
        used = placed[rows]
        first[epochs[used & is_syn[rows]]] = True
        synchronised[rows] = first[epochs]
    return Positions(starts, tops, placed, begins, synchronised)


def keep_alives(segments: NDArray[Any], where: Positions) -> NDArray[np.bool_]:
    """Tell which segments only ask whether the other side is there (RFC 9293, 3.8.4).

    They begin one byte before what comes next, and have no payload or a byte that was sent before. A byte
    that nobody has seen before, because it is one behind an acknowledgement that overtook it, is payload.

    Args:
        segments: as for positions().
        where: their positions.

    Returns:
        bool by segment.
    """
    lengths = segments["length"].astype(np.int64)
    tells = where.placed & ((lengths > 0) | (segments["flags"] & SYN != 0))
    nothing = np.iinfo(np.int64).min
    sent = np.full(len(segments), nothing)
    sent[1:] = np.maximum.accumulate(np.where(tells, where.starts + lengths, nothing))[:-1]
    is_old = (lengths == 0) | ((lengths == 1) & (sent == where.tops))
    found: NDArray[np.bool_] = where.placed & (where.starts == where.tops - 1) & is_old
    found &= segments["flags"] & (SYN | FIN) == 0
    return found


def _new_connections(
    numbers: NDArray[np.uint32], is_syn: NDArray[np.bool_], placed: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rows of SYNs that begin a connection anew, and of SYNs that nothing follows up.

    A SYN with a number of its own is a new connection unless the segments behind it go on where those
    before it were (RFC 5961, 4: such a SYN is answered and changes nothing).
    """
    syns = np.flatnonzero(is_syn)
    others = np.flatnonzero(placed & ~is_syn)
    changed = np.ones(len(syns), bool)
    changed[1:] = numbers[syns[1:]] != numbers[syns[:-1]]
    candidates = syns[changed]
    candidates = candidates[candidates > 0]
    place = np.searchsorted(others, candidates)
    late = place > 0  # behind data of its own connection: it lost its place on the way
    ahead = (numbers[others[place[late] - 1]] - numbers[candidates[late]]).astype(np.int32)
    late[late] = (ahead >= 0) & (ahead <= RESYNC)
    candidates, place = candidates[~late], place[~late]
    has_both = (place > 0) & (place < len(others))
    doubtful = candidates[has_both]
    following = numbers[others[place[has_both]]]
    before = numbers[others[place[has_both] - 1]]
    goes_on = _distance(following, before) < _distance(following, numbers[doubtful])
    refused = np.concatenate([doubtful[goes_on], np.setdiff1d(candidates, doubtful[goes_on])[EPOCHS // 2 :]])
    refused.sort()
    later = syns[~changed]  # repeat the SYN before them, and share its fate
    origin = candidates[np.maximum(np.searchsorted(candidates, later) - 1, 0)] if len(candidates) else later
    repeats = later[np.isin(origin, refused) & (later > origin)] if len(refused) else later[:0]
    return np.setdiff1d(candidates, refused), np.concatenate([refused, repeats])


def _distance(a: NDArray[np.uint32], b: NDArray[np.uint32]) -> NDArray[np.int64]:
    return np.abs((a - b).astype(np.int32).astype(np.int64))


def _steps(numbers: NDArray[np.uint32]) -> NDArray[np.int64]:
    steps = np.zeros(len(numbers), np.int64)
    steps[1:] = (numbers[1:] - numbers[:-1]).astype(np.int32)
    return steps


Walk = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]]
"""starts, tops, placed, begins."""


def _walk(numbers: NDArray[np.uint32], lengths: NDArray[np.int64], begins: NDArray[np.bool_]) -> Walk | None:
    """Add up the steps between segments; None if one of them leaves the window."""
    if not len(numbers):
        nothing = np.zeros(0, np.int64)
        return nothing, nothing, begins, begins
    epoch = np.cumsum(begins)
    starts = np.cumsum(_steps(numbers))
    first = np.concatenate([[0], np.flatnonzero(begins)]) if not begins[0] else np.flatnonzero(begins)
    starts = starts - starts[first][epoch - int(begins[0])] + epoch * EPOCH
    tops = starts.copy()
    tops[1:] = np.maximum.accumulate(starts + lengths)[:-1]
    tops[first] = starts[first]
    if (np.abs(starts - tops) > WINDOW).any():
        return None
    return starts, tops, np.ones(len(numbers), bool), begins


def _walk_carefully(
    numbers: NDArray[np.uint32], lengths: NDArray[np.int64], begins: NDArray[np.bool_]
) -> Walk:
    """Do the same one by one: what is outside the window moves nothing, unless another one agrees with it."""
    count = len(numbers)
    placed, restarts = np.ones(count, bool), begins.copy()
    starts, tops = np.zeros(count, np.int64), np.zeros(count, np.int64)
    epoch, top, top_number = int(begins[0]) * EPOCH if count else 0, 0, 0
    lone: tuple[int, int, int] | None = None  # row, number, length of the last segment outside
    rows = zip(numbers.tolist(), lengths.tolist(), begins.tolist(), strict=True)
    for row, (number, length, is_new) in enumerate(rows):
        if row == 0 or is_new:
            epoch += EPOCH if row else 0
            start = top = epoch
        else:
            step = (number - top_number + (1 << 31) & 0xFFFFFFFF) - (1 << 31)
            start = top + step
            if abs(step) > WINDOW:
                is_near = lone is not None and abs(_signed(number - lone[1] - lone[2])) <= RESYNC
                if lone is None or not is_near or epoch >= EPOCH * (EPOCHS - 1):
                    lone, placed[row] = (row, number, length), False
                    continue
                epoch += EPOCH
                first = lone[0]
                placed[first] = restarts[first] = True
                starts[first] = tops[first] = epoch
                top = epoch + lone[2]
                top_number = lone[1] + lone[2]
                start = top + _signed(number - top_number)
                lone = None
        starts[row], tops[row] = start, top
        if start + length > top or row == 0 or is_new:
            top, top_number = start + length, number + length
    return starts, tops, placed, restarts


def _signed(number: int) -> int:
    return (number + (1 << 31) & 0xFFFFFFFF) - (1 << 31)
