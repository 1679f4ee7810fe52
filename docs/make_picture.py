"""The README's picture: one row a drawing, its frame, character, effects and background side by side.

python docs/make_picture.py OUTPUT/demo 60,188 docs/layers.jpg --video tests/data/demo.mp4
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH = 420


def _over_checker(path: Path) -> NDArray[np.uint8]:
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if image.shape[2] == 3:
        return image
    ys, xs = np.mgrid[: image.shape[0], : image.shape[1]]
    checker = np.where(((ys // 24 + xs // 24) % 2)[..., None] == 0, 205, 235).astype(np.float32)
    alpha = image[..., 3:].astype(np.float32) / 255
    return (image[..., :3] * alpha + checker * (1 - alpha)).astype(np.uint8)


def main() -> None:
    """Write the picture."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("frames")
    parser.add_argument("target", type=Path)
    parser.add_argument("--video", type=Path, required=True)
    options = parser.parse_args()
    wanted = [int(number) for number in options.frames.split(",")]
    entries = json.loads((options.folder / "metadata" / "frame_annotations.json").read_text())
    rows = []
    with av.open(str(options.video)) as container:
        for index, frame in enumerate(container.decode(video=0)):
            if index not in wanted:
                continue
            layers = entries[index]["layers"]
            tiles = [frame.to_ndarray(format="bgr24")]
            tiles += [
                _over_checker(options.folder / layers[n]["path"])
                for n in ("character", "effects", "background")
            ]
            height = round(WIDTH * tiles[0].shape[0] / tiles[0].shape[1])
            rows.append(
                np.hstack([cv2.resize(t, (WIDTH, height), interpolation=cv2.INTER_AREA) for t in tiles])
            )
    cv2.imwrite(str(options.target), np.vstack(rows), [cv2.IMWRITE_JPEG_QUALITY, 88])


if __name__ == "__main__":
    main()
