"""Measures how fast the studio draws: frames with their truth per second, one run, one core.

Two ways are measured: from a pool of sources drawn before, as ``studio bank`` works, and everything drawn
anew for each shot, as ``studio render`` works (that needs more time for the drawings than for the frames).
Seconds are those of the processor, so other programs on the machine disturb little.

    python perf/studio.py --shots 6
"""

from __future__ import annotations

import argparse
import os
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import cv2
import numpy as np

from triton_anime_export.studio.bank import draw_cast
from triton_anime_export.studio.director import Cast, plan
from triton_anime_export.studio.fresh import Fresh
from triton_anime_export.studio.scene import draw_shot

SIZES = ((448, 256), (1280, 720))


def rate(cast: Cast, size: tuple[int, int], shots: int, frames: int) -> float:
    """Frames per second of processor time over so many shots."""
    start = time.process_time()
    for number in range(shots):
        draw_shot(plan(np.random.default_rng([17, number]), cast, size, frames))
    return shots * frames / (time.process_time() - start)


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shots", type=int, default=6, help="shots for each line")
    parser.add_argument("--frames", type=int, default=8, help="frames of a shot")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    start = time.process_time()
    pool = draw_cast(3, None, characters=12, backdrops=8, effects=12, objects=6)
    print(f"pool of 12 characters with 4 drawings each: {time.process_time() - start:.1f} s\n")
    print("| frame | from a pool | drawn anew |\n|---|---|---|")
    for size in SIZES:
        pooled = rate(pool, size, options.shots, options.frames)
        fresh = rate(Fresh(options.frames), size, max(1, options.shots // 2), options.frames)
        print(f"| {size[0]}x{size[1]} | {pooled:.1f} frames/s | {fresh:.1f} frames/s |", flush=True)


if __name__ == "__main__":
    main()
