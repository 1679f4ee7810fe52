"""Second thoughts about identities: two that were one all along, one that was two.

The segmenter errs on single drawings, in the first one of a shot too. An id that was given by such an error
would stay for the whole shot, so what the segmenter says about pairs is counted, and believed when it keeps
saying so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import combinations

# How much more often than not the segmenter has to say it; when in doubt, identities are kept.
_ENOUGH = 4
_AGAINST = 2
_MOST = 12  # old evidence must not outvote what has been seen ever since


class Evidence:
    """Counts for and against fusing two characters, and for and against dividing one."""

    def __init__(self) -> None:
        self._fuse: Counter[tuple[int, int]] = Counter()
        self._divide: Counter[int] = Counter()

    def together(self, ids: Iterable[int]) -> None:
        """One instance covered all of these."""
        for pair in combinations(sorted(ids), 2):
            self._fuse[pair] = min(self._fuse[pair] + 1, _MOST)

    def apart(self, ids: Iterable[int]) -> None:
        """Each of these was an instance of its own."""
        alone = sorted(ids)
        for pair in combinations(alone, 2):
            self._fuse[pair] = max(self._fuse[pair] - _AGAINST, -_MOST)
        for k in alone:
            self._divide[k] = max(self._divide[k] - _AGAINST, -_MOST)

    def divided(self, k: int) -> None:
        """Two instances lay inside this one."""
        self._divide[k] = min(self._divide[k] + 1, _MOST)

    def torn(self, k: int) -> None:
        """Two instances are going to lie inside this one for a while: something stands before its middle."""
        self._divide[k] = -_MOST

    def to_fuse(self) -> list[tuple[int, int]]:
        """Pairs (older, younger) that are one character; asking forgets them."""
        found = [pair for pair, count in sorted(self._fuse.items()) if count >= _ENOUGH]
        for pair in found:
            self.forget(pair[1])
        return found

    def is_two(self, k: int) -> bool:
        """Whether ``k`` is two characters; a yes forgets the count."""
        if self._divide[k] < _ENOUGH:
            return False
        self._divide[k] = 0
        return True

    def forget(self, k: int) -> None:
        """Drop everything about an id."""
        del self._divide[k]
        for pair in [pair for pair in self._fuse if k in pair]:
            del self._fuse[pair]
