"""Do hair and outlines survive at 1080p and 4K? Errors in the band around every edge, by frame size.

python perf/high_resolution.py [--drawings 8] [--detail u2net,modnet] [--sheet sheet.png]

The same drawings of the studio at 1280x720, 1920x1080 and 3840x2160. `refine_character` gets each at its own
size, with a coarse mask of 160x90 made from the truth, so that finding characters is not what is measured.
Beside it stands its answer to the picture at a long side of 512, enlarged: what one small size would give.
"""

from __future__ import annotations

import argparse
import dataclasses
import time
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime.embedded import EmbeddedServer
from triton_anime.server import Server
from triton_anime_export.studio.director import plan
from triton_anime_export.studio.fresh import Fresh
from triton_anime_export.studio.scene import Frame, Scene, draw_frame

U8 = NDArray[np.uint8]

SIZES = ((1280, 720), (1920, 1080), (3840, 2160))
SMALL = 512
BAND = 0.004
"""Half the width of the band, of the frame's width: strands, lashes, soft edges."""


def drawing(scene: Scene, size: tuple[int, int]) -> Frame:
    """The first frame of a scene, seen by the same camera at another size."""
    scale = size[0] / scene.size[0]
    larger = np.diag([scale, scale, 1.0])
    return draw_frame(
        dataclasses.replace(scene, size=size, camera=[larger @ matrix for matrix in scene.camera]), 0
    )


def band_of(alpha: U8) -> NDArray[np.bool_]:
    """Pixels near an edge of the alpha [H,W]."""
    reach = max(2, round(BAND * alpha.shape[1]))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return np.asarray(cv2.dilate(alpha, kernel) != cv2.erode(alpha, kernel), bool)


def refined(server: Server, picture: U8, coarse: U8, networks: tuple[str, ...]) -> U8:
    """The alpha [H,W] that the server gives."""
    inputs = {
        "FRAME": np.ascontiguousarray(picture),
        "MASK": coarse,
        "NETWORKS": np.array([name.encode() for name in networks], object),
    }
    return np.asarray(server.infer("refine_character", inputs, ["ALPHA"])["ALPHA"])


def error(alpha: U8, truth: U8) -> float:
    """Mean absolute error in the band, 0..1."""
    band = band_of(truth)
    return float(np.abs(alpha[band].astype(int) - truth[band]).mean() / 255)


def main() -> None:
    """Print one line a size and the ratio of the two ways."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--drawings", type=int, default=8)
    parser.add_argument("--detail", default="u2net,modnet", help="networks of refine_character")
    parser.add_argument("--sheet", type=Path, help="write the hair of the first drawing at every size")
    options = parser.parse_args()
    networks = tuple(options.detail.split(","))
    scenes = []
    seed = 0
    while len(scenes) < options.drawings:
        scene = plan(np.random.default_rng([seed, 4]), Fresh(1, None), SIZES[0], 1)
        seed += 1
        share = float((draw_frame(scene, 0).alpha > 127).mean())
        if 0.05 < share < 0.6:
            scenes.append(scene)
    tiles: list[U8] = []
    with EmbeddedServer(["refine_character"]) as embedded:
        for size in SIZES:
            own, enlarged, seconds = [], [], []
            for scene in scenes:
                frame = drawing(scene, size)
                coarse = cv2.resize(frame.alpha, (160, 90), interpolation=cv2.INTER_AREA)
                began = time.monotonic()
                alpha = refined(embedded.server, frame.picture, coarse, networks)
                seconds.append(time.monotonic() - began)
                small = cv2.resize(frame.picture, (SMALL, SMALL * 9 // 16), interpolation=cv2.INTER_AREA)
                answer = refined(embedded.server, small, coarse, networks)
                large = cv2.resize(answer, size, interpolation=cv2.INTER_LINEAR)
                own.append(error(alpha, frame.alpha))
                enlarged.append(error(large, frame.alpha))
                if scene is scenes[0]:
                    tiles.append(_tile(frame, alpha, large))
            mean, other = float(np.mean(own)), float(np.mean(enlarged))
            print(
                f"{size[0]}x{size[1]}: band error {mean:.4f}, at {SMALL} and enlarged {other:.4f}, "
                f"ratio {mean / other:.2f}, {np.median(seconds):.2f} s a drawing",
                flush=True,
            )
    if options.sheet:
        cv2.imwrite(str(options.sheet), cv2.cvtColor(np.concatenate(tiles), cv2.COLOR_RGB2BGR))


def _tile(frame: Frame, alpha: U8, large: U8) -> U8:
    """Picture, truth, own answer and enlarged answer around the highest point of the character."""
    height, width = frame.alpha.shape
    ys, xs = np.nonzero(frame.alpha > 127)
    side = height // 3
    y = int(np.clip(ys.min() - side // 6, 0, height - side))
    x = int(np.clip(xs[ys.argmin()] - side // 2, 0, width - side))
    here = np.s_[y : y + side, x : x + side]
    maps = [np.repeat(one[here][..., None], 3, axis=2) for one in (frame.alpha, alpha, large)]
    return np.concatenate([cv2.resize(one, (360, 360)) for one in (frame.picture[here], *maps)], axis=1)


if __name__ == "__main__":
    main()
