"""Cut a stream of frames into shots, frame by frame.

PySceneDetect's detectors propose cuts on small pictures: AdaptiveDetector (change against the changes around
it), ContentDetector (large change) and ThresholdDetector (back from black). Each proposal is then checked for
what drawn films are full of and what is no cut: flashes, lightning, light that is switched, pans on threes.
The check asks whether any picture just before the proposal shows the same *structure* (lines and edges, with
brightness and contrast divided out, shifted by a camera move if need be) as any picture just after it.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime.video import Frame

_PROPOSAL_SIDE = 256  # PySceneDetect's own default: cuts do not need more, and noise goes away
_STRUCTURE_SIZE = (96, 64)
_ADAPTIVE_WINDOW = 2
# Normalised correlation. Of 1,176 pairs of unrelated drawn pictures 99 % stay below 0.25; the same place
# under another light, or a character that moves far within it, lies above 0.4.
_SAME_STRUCTURE = 0.36
_FLASH_SECONDS = 0.25
_SHORTEST_SHOT_SECONDS = 0.4


class ShotFrame(NamedTuple):
    """A frame and the shot that it belongs to (``shot`` counts from 0)."""

    shot: int
    frame: Frame


@dataclass(frozen=True)
class _Waiting:
    """A frame that still waits for the verdict on the cuts around it."""

    position: int
    frame: Frame
    structure: NDArray[np.float32]


def structure(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Lines and edges of a picture without its brightness, contrast and colour.

    Args:
        image: RGB uint8 [H, W, 3].

    Returns:
        float32 [64, 96], zero mean and unit variance in each neighbourhood; about 0 where it is flat.
    """
    grey = cv2.resize(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), _STRUCTURE_SIZE, interpolation=cv2.INTER_AREA)
    plain = grey.astype(np.float32)
    detail = plain - cv2.GaussianBlur(plain, (0, 0), 5.0)
    spread = np.sqrt(cv2.GaussianBlur(detail * detail, (0, 0), 5.0))
    return np.asarray(detail / (spread + 2.0), dtype=np.float32)


def likeness(before: NDArray[np.float32], after: NDArray[np.float32]) -> float:
    """Correlation, -1 to 1, of two structures, at rest or moved by the shift that fits best."""
    best = _correlation(before, after)
    if best >= _SAME_STRUCTURE:
        return best
    window = cv2.createHanningWindow(_STRUCTURE_SIZE, cv2.CV_32F)
    # Copies: some OpenCV releases multiply the window into the pictures that they are given.
    (dx, dy), _ = cv2.phaseCorrelate(before.copy(), after.copy(), window)
    dx, dy = round(dx), round(dy)
    height, width = before.shape
    # At least half of the picture must overlap: a smaller piece fits anything somewhere.
    if (dx, dy) == (0, 0) or abs(dx) > width // 2 or abs(dy) > height // 2:
        return best
    first = before[max(0, -dy) : height - max(0, dy), max(0, -dx) : width - max(0, dx)]
    second = after[max(0, dy) : height - max(0, -dy), max(0, dx) : width - max(0, -dx)]
    return max(best, _correlation(first, second))


def _correlation(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    energy = math.sqrt(float(np.mean(a * a)) * float(np.mean(b * b)))
    # Nearly empty pictures (black, white) have no structure to compare.
    return float(np.mean(a * b)) / energy if energy > 0.02 else 0.0


class _Proposals:
    """PySceneDetect's detectors behind one method."""

    def __init__(self) -> None:
        from scenedetect import FrameTimecode
        from scenedetect.detectors import AdaptiveDetector, ContentDetector, ThresholdDetector

        self._timecode: Any = FrameTimecode
        self._detectors: list[Any] = [
            AdaptiveDetector(
                adaptive_threshold=3.0, min_scene_len=0, window_width=_ADAPTIVE_WINDOW, min_content_val=10.0
            ),
            ContentDetector(threshold=30.0, min_scene_len=0),
            ThresholdDetector(threshold=10, min_scene_len=0, fade_bias=1.0),
        ]

    def see(self, position: int, small: NDArray[np.uint8]) -> list[int]:
        """Positions that are proposed on seeing the picture at ``position``: this one or a few before it."""
        picture = cv2.cvtColor(small, cv2.COLOR_RGB2BGR)
        # The nominal rate is of no consequence: every length is checked in this module, in frames.
        moment = self._timecode(position, 25.0)
        return [
            int(cut.frame_num)
            for detector in self._detectors
            for cut in detector.process_frame(moment, picture)
        ]


def _small(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = image.shape[:2]
    scale = min(1.0, _PROPOSAL_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def shots(frames: Iterable[Frame], frame_rate: Fraction = Fraction(24)) -> Iterator[ShotFrame]:
    """Number the shots of a stream of frames.

    Frames come out in order, a quarter of a second late (the time that the longest flash may last), so a few
    full frames are held and no more.

    Args:
        frames: the frames of one video.
        frame_rate: frames a second of the stream; sets the lengths of flashes and of the shortest shot.
    """
    flash = max(2, math.ceil(_FLASH_SECONDS * frame_rate))
    shortest = max(2, math.ceil(_SHORTEST_SHOT_SECONDS * frame_rate))
    lookahead = flash + _ADAPTIVE_WINDOW
    proposals = _Proposals()
    proposed: set[int] = set()
    past: deque[NDArray[np.float32]] = deque(maxlen=flash)
    waiting: deque[_Waiting] = deque()
    shot = 0
    shot_start = 0

    def release() -> ShotFrame:
        nonlocal shot, shot_start
        item = waiting.popleft()
        if item.position in proposed:
            proposed.discard(item.position)
            after = [item.structure, *(later.structure for later in list(waiting)[: flash - 1])]
            # The first shot may be the short end of one: a range can begin anywhere.
            long_enough = shot == 0 or item.position - shot_start >= shortest
            if long_enough and not _same_place(past, after):
                shot += 1
                shot_start = item.position
                past.clear()
        past.append(item.structure)
        return ShotFrame(shot, item.frame)

    for position, frame in enumerate(frames):
        small = _small(frame.image)
        proposed.update(proposals.see(position, small))
        waiting.append(_Waiting(position, frame, structure(small)))
        if len(waiting) > lookahead:
            yield release()
    while waiting:
        yield release()


def _same_place(before: Iterable[NDArray[np.float32]], after: Iterable[NDArray[np.float32]]) -> bool:
    """Whether some picture before a proposed cut shows what some picture after it shows."""
    later = list(after)
    return any(likeness(a, b) >= _SAME_STRUCTURE for a in reversed(list(before)) for b in later)
