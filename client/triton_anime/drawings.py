"""Find held drawings: anime shows one drawing for two, three or many frames.

A frame holds the drawing before it when it differs from the *first* frame of that drawing by no more than
compression does. Comparing with the first frame keeps slow pans, zooms and fades from creeping past.

Compression noise is weak and everywhere along the lines; a change of drawing, even a mouth of a few pixels,
is strong and local. So the test looks at blocks: their typical difference gives the noise of this very pair
of frames, and one block that stands out far, or a few neighbours that stand out together, make a new drawing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime.shots import ShotFrame, shots
from triton_anime.video import Frame

LONGEST_HOLD = 48

_LONG_SIDE = (
    640  # the size at which differences are measured: drops most noise, keeps a mouth of a few pixels
)
_BLOCK = 8
# All in levels of 255, on pictures blurred 3x3: limit = base + slope * (95 % quantile of the blocks), capped.
# Held steps of TV anime at 200 kbit/s, where that quantile is about 1, reach 8.8 in the worst block, 4.1 in
# the worst 3x3 neighbourhood. In a clean file, where it is about 0, a mouth that opens by 4 pixels of 1280
# changes its block by 7.
_BLOCK_LIMIT = (5.0, 3.5, 11.0)
_NEIGHBOURHOOD_LIMIT = (2.5, 1.5, 5.5)
_CHANNEL_WEIGHTS = np.array([[1.0, 0.5, 0.5]], np.float32)
_BRIGHTNESS_LIMIT = 2.0
_GRAIN_LIMIT = 4.0
# The 99 % quantile of held steps stays below 3; a picture that drifts as a whole soon passes this.
_SPREAD_LIMIT = 3.6


@dataclass(frozen=True)
class Drawing:
    """One distinct drawing and every source frame that shows it.

    Attributes:
        shot: number of the shot, from 0.
        first: the first frame that shows it, with its image.
        frames: ``(index, seconds)`` of every frame that shows it, the first included, in order.
        is_shot_start, is_shot_end: whether it is the first, the last drawing of its shot.
        continues: it shows the same drawing as the one before, cut off after ``LONGEST_HOLD`` frames.
    """

    shot: int
    first: Frame
    frames: tuple[tuple[int, Fraction], ...]
    is_shot_start: bool
    is_shot_end: bool
    continues: bool = False


def signature(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The picture as it is compared.

    Args:
        image: RGB uint8 [H, W, 3].

    Returns:
        float32 [h, w, 3] YCrCb, long side 640 at most, lightly blurred.
    """
    height, width = image.shape[:2]
    scale = _LONG_SIDE / max(height, width)
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return np.asarray(cv2.blur(cv2.cvtColor(image, cv2.COLOR_RGB2YCrCb).astype(np.float32), (3, 3)))


def is_held(before: NDArray[np.float32], after: NDArray[np.float32]) -> bool:
    """Whether two :func:`signature` pictures show one drawing, compression noise apart."""
    # Light that changes everywhere by the same small amount (a fade) averages to itself, noise to nothing.
    if abs(cv2.mean(after)[0] - cv2.mean(before)[0]) > _BRIGHTNESS_LIMIT:
        return False
    local = cv2.transform(cv2.absdiff(after, before), _CHANNEL_WEIGHTS)
    height, width = local.shape
    size = (-(-width // _BLOCK), -(-height // _BLOCK))
    blocks = cv2.resize(local, size, interpolation=cv2.INTER_AREA)
    # Film grain lies on every block: it is taken off. Coding noise lies on some: it raises the limits.
    grain = float(np.median(blocks))
    if grain > _GRAIN_LIMIT:
        return False
    noise, spread = (float(value) for value in np.quantile(blocks, (0.95, 0.99)))
    if spread - grain > _SPREAD_LIMIT:
        return False
    standing_out = blocks - 1.5 * grain
    if float(standing_out.max()) > _limit(_BLOCK_LIMIT, noise):
        return False
    neighbourhood = cv2.blur(standing_out, (3, 3), borderType=cv2.BORDER_REFLECT_101)
    return float(neighbourhood.max()) <= _limit(_NEIGHBOURHOOD_LIMIT, noise)


def _limit(terms: tuple[float, float, float], noise: float) -> float:
    base, slope, cap = terms
    return min(base + slope * noise, cap)


def drawings(
    frames: Iterable[Frame],
    frame_rate: Fraction = Fraction(24),
    *,
    longest_hold: int = LONGEST_HOLD,
) -> Iterator[Drawing]:
    """Turn the frames of one video into shots of distinct drawings.

    At most ``longest_hold`` frames are joined into one drawing (the next one then ``continues`` it), so that
    results appear while a long hold lasts. Two images are kept in memory, however long a hold is.
    """
    yield from _group(shots(frames, frame_rate), longest_hold)


def _group(shot_frames: Iterable[ShotFrame], longest_hold: int) -> Iterator[Drawing]:
    first: Frame | None = None
    look: NDArray[np.float32] | None = None
    held: list[tuple[int, Fraction]] = []
    shot = 0
    is_start = True
    continues = False
    for item in shot_frames:
        frame = item.frame
        now = signature(frame.image)
        new_shot = first is not None and item.shot != shot
        same = (
            first is not None
            and not new_shot
            and look is not None
            and frame.image.shape == first.image.shape
            and is_held(look, now)
        )
        if first is not None and same and len(held) < longest_hold:
            held.append((frame.index, frame.time))
            continue
        if first is not None:
            yield Drawing(shot, first, tuple(held), is_start, new_shot, continues)
        is_start = first is None or new_shot
        # A hold that goes on is still compared with its true first frame: `look` stays.
        continues = bool(same)
        if not same:
            look = now
        shot, first, held = item.shot, frame, [(frame.index, frame.time)]
    if first is not None:
        yield Drawing(shot, first, tuple(held), is_start, True, continues)
