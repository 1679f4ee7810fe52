"""Who is who: propagated masks of known characters against the segmenter's anonymous instances.

The tracker knows identities but drifts; the segmenter knows where characters are in one drawing but not who
they are, and it sometimes merges two or splits one. The rules, in the order of application:

1. An instance that one character explains, and that explains it, is that character: it may correct its mask.
2. An instance that covers two characters is a merger: the propagated masks win.
3. Instances that one character covers together are a split: ignored.
   When the segmenter keeps saying 2 or 3, it is believed (:mod:`triton_anime.trackers.evidence`).
4. An instance that nobody explains is a character that was lost, one that returns, the other half of one who
   walks behind a pillar, or a new one. A new one has to be seen in two successive drawings before it gets an
   id, unless nobody is being followed yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime.trackers.evidence import Evidence

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]
Bools = NDArray[np.bool_]

_SMALLEST = 0.003  # share of the frame below which an instance is no character
_LOST = 0.0008  # share of the frame below which a propagated mask counts as gone
_EXPLAINED = 0.5  # share of an instance that characters must cover to explain it
_AGREE = 0.5  # IoU from which a one-to-one match may correct a mask
_SURE = 0.93  # IoU from which there is nothing to correct
_NEAR = 0.2  # IoU with its last mask from which an unexplained instance is a character just lost
_ALIKE = 0.62  # colour similarity from which an unexplained instance is a character seen before
_STILL_THERE = 0.25  # IoU with what was pending in the drawing before
_INSIDE = 0.6  # share of a character's mask inside an instance from which that is the character, grown
_DETAIL = 0.15  # share of an instance below which a mask inside it says nothing about it
_PART = 0.2  # share of a character's mask that an instance needs to be a part of it
_REISSUED = 4  # ids that one place in the cast may use up in a shot
_LARGEST_ID = 255  # of a map of bytes
_SHRUNK = 0.4  # share of its former area below which a character counts as being lost
_HALVED = 0.75  # share of its whole area below which a part of a character may come out on another side
_WHOLE = 1.2  # shares of its whole area that its parts may have together
_FADING = 0.97  # what is left of a whole area from drawing to drawing: who walks away gets smaller


@dataclass
class Character:
    """One character of the shot.

    Attributes:
        mask: where it was seen last.
        area: pixels of that, smoothed over time.
        palette: its colours, see :func:`palette`.
        unseen: drawings since it was visible.
        whole: pixels that it had when most of it was seen, lately.
    """

    mask: Bools
    area: float
    palette: F32
    unseen: int = 0
    whole: float = 0.0


@dataclass(frozen=True)
class Verdict:
    """What a drawing shows.

    Attributes:
        identity: uint8 ``[H, W]``.
        corrected: ids whose masks came from the segmenter and differ from what was propagated.
        born: ids that are new, or back after the tracker had lost them: their masks have to be given to it.
    """

    identity: U8
    corrected: tuple[int, ...]
    born: tuple[int, ...]


@dataclass
class Association:
    """The cast of one shot.

    Args:
        largest_cast: characters that get an id; later ones stay anonymous. So do those that come when four
            times as many ids have been issued, most of them taken back: trackers remember each of them.
    """

    largest_cast: int = 8
    cast: dict[int, Character] = field(default_factory=dict)
    issued: int = 0
    """The highest id so far. Ids that were taken back stay unused."""
    alias: dict[int, int] = field(default_factory=dict)
    """Ids that were taken back, to the ids that they turned out to be."""
    _pending: list[Bools] = field(default_factory=list)
    _evidence: Evidence = field(default_factory=Evidence)

    def judge(
        self, frame: U8, propagated: U8, observed: U8 | None, *, foreground: F32 | None = None
    ) -> Verdict:
        """Combine what was propagated with what was segmented.

        Args:
            frame: RGB ``[H, W, 3]``.
            propagated: ids ``[H, W]`` as the tracker carried them here, 0 none.
            observed: the segmenter's instances ``[H, W]``, or None.
            foreground: ``[K, H, W]`` float probabilities of ids 1..K, to decide between characters where only
                the segmenter sees something; None decides by distance.
        """
        for taken_back, k in self.alias.items():
            propagated = np.where(propagated == taken_back, np.uint8(k), propagated)
        identity = propagated.copy()
        corrected: list[int] = []
        born: list[int] = []
        if observed is not None:
            corrected, born = self._observe(frame, identity, propagated, observed, foreground)
        else:
            self._pending = []
        self._remember(frame, identity)
        return Verdict(identity, tuple(sorted(corrected)), tuple(sorted(born)))

    # ------------------------------------------------------------------

    def _observe(
        self, frame: U8, identity: U8, propagated: U8, observed: U8, foreground: F32 | None
    ) -> tuple[list[int], list[int]]:
        pixels = observed.size
        counts = _overlaps(observed, propagated)
        instances = [j for j in range(1, counts.shape[0]) if counts[j].sum() >= _SMALLEST * pixels]
        areas = counts.sum(axis=0)
        covering = {j: self._covering(counts[j], areas) for j in instances}
        corrected: list[int] = []
        unexplained: list[int] = []
        alone: list[int] = []
        parts: dict[int, list[int]] = {}
        for j in instances:
            size, here = int(counts[j].sum()), observed == j
            if len(covering[j]) > 1:
                self._evidence.together(k for k in covering[j] if self._wholly(k, counts[j], areas))
                _fill(identity, here, covering[j], foreground)
                continue
            k = covering[j][0] if covering[j] else 0
            explained = float(counts[j, 1:].sum()) >= _EXPLAINED * size
            grown = k and (counts[j, k] >= _INSIDE * areas[k] or self._is_losing(k, int(areas[k])))
            if not explained and not grown:
                unexplained.append(j)
                continue
            if not k:
                continue  # crumbs of several, none of them to speak of
            if any(i != j and k in covering[i] for i in instances):
                parts.setdefault(k, []).append(j)
                _fill(identity, here, [k], foreground)
                continue
            alone.append(k)
            overlap = counts[j, k] / (size + areas[k] - counts[j, k])
            if overlap >= _AGREE or grown:
                identity[identity == k] = 0
                identity[here & (identity == 0)] = k
                if overlap < _SURE:
                    corrected.append(k)
            else:
                _fill(identity, here, [k], foreground)
        self._evidence.apart(alone)
        born = self._second_thoughts(frame, identity, observed, parts, counts)
        return corrected, born + self._newcomers(frame, identity, observed, unexplained)

    def _covering(self, overlaps: NDArray[np.int64], areas: NDArray[np.int64]) -> list[int]:
        """The characters that have a say in an instance; remains of a lost one have none beside others."""
        size = int(overlaps.sum())
        found = [k for k in range(1, len(areas)) if overlaps[k] > 0.3 * min(areas[k], size)]
        sound = [k for k in found if not self._is_losing(k, int(areas[k]))]
        return sound or found

    def _wholly(self, k: int, overlaps: NDArray[np.int64], areas: NDArray[np.int64]) -> bool:
        """Whether an instance holds a character as a whole, and as more than a detail."""
        return bool(overlaps[k] >= _INSIDE * areas[k] and overlaps[k] >= _DETAIL * overlaps.sum())

    def _second_thoughts(
        self, frame: U8, identity: U8, observed: U8, parts: dict[int, list[int]], counts: NDArray[np.int64]
    ) -> list[int]:
        """Fuse characters that are one and divide those that are two, once the segmenter insists."""
        for older, younger in self._evidence.to_fuse():
            identity[identity == younger] = older
            self.cast.pop(younger, None)
            self.alias = {a: older if b == younger else b for a, b in self.alias.items()} | {younger: older}
        born: list[int] = []
        for k, instances in parts.items():
            large = [j for j in instances if counts[j, k] >= _PART * counts[:, k].sum()]
            if len(large) < 2 or k not in self.cast:
                continue
            self._evidence.divided(k)
            if not self._is_full and self._evidence.is_two(k):
                smaller = min(large, key=lambda j: int(counts[j, k]))
                born.append(self._enter(frame, (observed == smaller) & (identity == k)))
                identity[(observed == smaller) & (identity == k)] = born[-1]
        return born

    def _enter(self, frame: U8, mask: Bools) -> int:
        """Issue an id."""
        self.issued += 1
        self.cast[self.issued] = Character(mask, float(mask.sum()), palette(frame, mask))
        return self.issued

    @property
    def _is_full(self) -> bool:
        most = min(_REISSUED * self.largest_cast, _LARGEST_ID)
        return len(self.cast) >= self.largest_cast or self.issued >= most

    def _is_losing(self, k: int, area: int) -> bool:
        return k in self.cast and area < _SHRUNK * self.cast[k].area

    def _newcomers(self, frame: U8, identity: U8, observed: U8, unexplained: list[int]) -> list[int]:
        """Give ids to instances that nobody explains."""
        born: list[int] = []
        waiting: list[Bools] = []
        visible = set(np.unique(identity).tolist())
        nobody = not any(k in visible for k in self.cast)
        for j in sorted(unexplained, key=lambda j: -int((observed == j).sum())):
            mask = (observed == j) & (identity == 0)
            if mask.sum() < _SMALLEST * mask.size:
                continue
            colours = palette(frame, mask)
            k = self._returning(mask, colours, visible)
            if k is None and (k := self._torn(mask, colours, identity)) is not None:
                self._evidence.torn(k)
            if k is None:
                seen = nobody or any(_iou(mask, old) >= _STILL_THERE for old in self._pending)
                if not seen or self._is_full:
                    waiting.append(mask)
                    continue
                k = self._enter(frame, mask)
            identity[mask] = k
            visible.add(k)
            born.append(k)
        self._pending = waiting
        return born

    def _returning(self, mask: Bools, colours: F32, visible: set[int]) -> int | None:
        """The id of a character that is not visible and that this may be."""
        gone = {k: character for k, character in self.cast.items() if k not in visible}
        for k, character in gone.items():
            if character.unseen <= 2 and _iou(mask, character.mask) >= _NEAR:
                return k
        alike = {k: float(np.minimum(colours, character.palette).sum()) for k, character in gone.items()}
        best = max(alike, key=lambda k: alike[k], default=None)
        return best if best is not None and alike[best] >= _ALIKE else None

    def _torn(self, mask: Bools, colours: F32, identity: U8) -> int | None:
        """The id of a character that is seen in part, and that this may be the rest of."""
        best, most = None, _ALIKE
        areas = np.bincount(identity.ravel(), minlength=256)
        size = float(mask.sum())
        for k, character in self.cast.items():
            seen, alike = float(areas[k]), float(np.minimum(colours, character.palette).sum())
            if seen and seen < _HALVED * character.whole and seen + size < _WHOLE * character.whole:
                reach = character.whole**0.5
                if alike >= most and _gap(mask, identity == k) <= reach:
                    best, most = k, alike
        return best

    def _remember(self, frame: U8, identity: U8) -> None:
        areas = np.bincount(identity.ravel(), minlength=256)
        for k, character in self.cast.items():
            if areas[k] < _LOST * identity.size:
                identity[identity == k] = 0
                character.unseen += 1
                continue
            character.mask = identity == k
            returned = character.unseen > 0
            character.unseen = 0
            character.area = float(areas[k]) if returned else 0.6 * character.area + 0.4 * float(areas[k])
            character.whole = max(float(areas[k]), _FADING * character.whole)
            character.palette = 0.8 * character.palette + 0.2 * palette(frame, character.mask)


def palette(frame: U8, mask: Bools) -> F32:
    """Colours under a mask: joint histogram of 8 hues, 4 saturations, 4 values that sums to 1."""
    y, x = np.nonzero(mask)
    if len(y) == 0:
        return np.zeros(128, np.float32)
    top, left = int(y.min()), int(x.min())
    window = (slice(top, int(y.max()) + 1), slice(left, int(x.max()) + 1))
    hsv = cv2.cvtColor(np.ascontiguousarray(frame[window]), cv2.COLOR_RGB2HSV)
    inside = mask[window].astype(np.uint8)
    counts = cv2.calcHist([hsv], [0, 1, 2], inside, [8, 4, 4], [0, 180, 0, 256, 0, 256])
    return (counts.ravel() / max(float(counts.sum()), 1.0)).astype(np.float32)


def carry(probabilities: Mapping[int, F32], threshold: float = 0.5) -> U8:
    """Ids where one character's probability ``[H, W]`` exceeds the threshold and all others."""
    shape = next(iter(probabilities.values())).shape
    best, identity = np.full(shape, threshold, np.float32), np.zeros(shape, np.uint8)
    for k, probability in probabilities.items():
        ahead = probability > best
        identity[ahead] = k
        best = np.where(ahead, probability, best)
    return identity


def _overlaps(observed: U8, propagated: U8) -> NDArray[np.int64]:
    """Pixels of each pair of labels, ``[instances + 1, ids + 1]``."""
    rows, columns = int(observed.max()) + 1, int(propagated.max()) + 1
    joint = observed.astype(np.int64) * columns + propagated
    return np.bincount(joint.ravel(), minlength=rows * columns).reshape(rows, columns)


def _gap(a: Bools, b: Bools) -> float:
    """Pixels between the boxes around two masks, along the axis where they are further apart."""
    boxes = [cv2.boundingRect(mask.view(np.uint8)) for mask in (a, b)]
    return max(max(boxes[0][i], boxes[1][i]) - min(box[i] + box[i + 2] for box in boxes) for i in (0, 1))


def _iou(a: Bools, b: Bools) -> float:
    return float((a & b).sum()) / max(float((a | b).sum()), 1.0)


def _fill(identity: U8, where: Bools, candidates: list[int], foreground: F32 | None) -> None:
    """Give pixels that only the segmenter sees to the candidate that is most likely, or nearest."""
    free = where & (identity == 0)
    if not free.any():
        return
    if len(candidates) == 1:
        identity[free] = candidates[0]
        return
    if foreground is not None:
        rows = np.stack([foreground[k - 1] for k in candidates])
        identity[free] = np.array(candidates, np.uint8)[rows[:, free].argmax(axis=0)]
        return
    distances = np.stack(
        [cv2.distanceTransform((identity != k).astype(np.uint8), cv2.DIST_L2, 3) for k in candidates]
    )
    identity[free] = np.array(candidates, np.uint8)[distances[:, free].argmin(axis=0)]
