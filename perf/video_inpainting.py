"""The fillers of a shot's holes side by side: what they draw, what they leave alone, whether windows show.

    python perf/video_inpainting.py                     # the product's usual way, and LaMa by itself
    python perf/video_inpainting.py --stands            # somebody behind whom nothing is ever seen
    python perf/video_inpainting.py --random            # video networks too, narrow, with random weights
    python perf/video_inpainting.py --networks full/    # those of a repository of yours
    python perf/video_inpainting.py --server gpu-box:8001

A camera pans over a painted backdrop by whole pixels while somebody walks across, so what is behind the hole
is known, and so is where each of its pixels is in the next picture. Measured are the PSNR inside the hole,
the pixels changed outside (there must be none), and the seam: how much the answer changes from picture to
picture, the pan taken out, where the windows of the network change, over the same where they do not. Above 1
the windows show. Random weights say nothing of quality: of those only the pixels outside mean anything, and
the seam as far as their noise lets it be seen. ``usual`` is what `triton-anime process` does where no video
network is asked for.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime.errors import InputError
from triton_anime.fillers.networks import MODELS, open_inpainter
from triton_anime.fillers.window import Inpainter, Schedule, Shown, put_in
from triton_anime.plates import View, plates
from triton_anime.repository import network_repository, repositories
from triton_anime.server import Server, connect
from triton_anime.settings import Settings

U8 = NDArray[np.uint8]

PAN = 2
"""Pixels by which the backdrop moves to the left from picture to picture."""
LEVELS = 255.0
USUAL = "usual"
"""Name of what the product does by itself."""
LIVELY = {"sttn": 2.4, "e2fgvi_hq": 1.7}
"""By what random weights are multiplied, so that what these networks draw depends on what they see."""


@dataclass(frozen=True)
class Clip:
    """A shot whose background is known.

    Attributes:
        shown: the pictures with their holes.
        truth: [h,w,3] each, the background.
    """

    shown: list[Shown]
    truth: list[U8]


@dataclass(frozen=True)
class Measures:
    """How a filler did.

    Attributes:
        psnr: dB inside the holes, all pictures together.
        changed_outside: pixels outside the holes that differ from the frame.
        flicker: levels by which a background pixel inside the hole changes from picture to picture.
        seam: the same where windows change, over the same where they do not; None where windows change at
            every picture, or nothing changes within them.
        jump, jump_within: levels of the largest step from picture to picture where windows change, and where
            they do not.
        seconds: for a picture.
    """

    psnr: float
    changed_outside: int
    flicker: float
    seam: float | None
    jump: float
    jump_within: float
    seconds: float


def backdrop(height: int, width: int, seed: int) -> U8:
    """Hills, a sky, houses and their outlines, with grain as paint has it."""
    rng = np.random.default_rng(seed)
    rows = np.linspace(0, 1, height)[:, None, None]
    picture = np.asarray((1 - rows) * (235, 200, 150) + rows * (150, 170, 110), np.float32)
    picture = np.repeat(picture, width, axis=1)
    for depth in range(4):
        x = np.arange(width)
        ridge = height * (0.35 + 0.15 * depth) + sum(
            rng.uniform(3, height / 12) * np.sin(x / rng.uniform(20, 90) + rng.uniform(0, 6))
            for _ in range(3)
        )
        below = np.arange(height)[:, None] > ridge[None]
        picture[below] = picture[below] * 0.25 + 0.75 * rng.uniform(40, 210, 3)
    for _ in range(max(4, width // 30)):
        x, y = int(rng.integers(0, width)), int(rng.integers(height // 3, height))
        w, h = int(rng.integers(8, 30)), int(rng.integers(10, height // 3))
        colour = rng.uniform(30, 240, 3).tolist()
        cv2.rectangle(picture, (x, y - h), (x + w, y), colour, -1)
        cv2.rectangle(picture, (x, y - h), (x + w, y), (40, 35, 45), 1, cv2.LINE_AA)
    picture += cv2.resize(
        rng.normal(0, 9, (height // 3 + 1, width // 3 + 1, 3)).astype(np.float32), (width, height)
    )
    return np.clip(picture, 0, 255).astype(np.uint8)


def pan(count: int, height: int, width: int, seed: int = 0, *, stands: bool = False) -> Clip:
    """A pan over :func:`backdrop` with somebody who crosses the picture once and nods.

    ``stands``: or who stays at one place of the backdrop, so that no picture shows what is behind.
    """
    wide = backdrop(height, width + PAN * count, seed)
    shown, truth = [], []
    for index in range(count):
        plate = np.ascontiguousarray(wide[:, PAN * index : PAN * index + width])
        share = index / max(1, count - 1)
        x = round(width * 0.8) - PAN * index if stands else round(width * (0.2 + 0.6 * share))
        hole = np.zeros((height, width), np.uint8)
        head = (x, round(height * 0.38 + height * 0.02 * np.sin(index)))
        cv2.ellipse(hole, (x, round(height * 0.8)), (width // 12, height // 3), 0, 0, 360, 255, -1)
        cv2.circle(hole, head, height // 8, 255, -1)
        frame = plate.copy()
        frame[hole > 0] = (220, 120, 140)
        cv2.circle(frame, head, height // 8 - 1, (245, 215, 190), -1)
        shown.append(Shown(frame, hole))
        truth.append(plate)
    return Clip(shown, truth)


def measure(clip: Clip, filled: Sequence[U8], seconds: float, side: int = Schedule().side) -> Measures:
    """Compare answers with the truth and with one another.

    Windows change around every ``side``-th picture, which three of them draw; the others are drawn by two.
    """
    wrong: list[NDArray[np.float32]] = []
    steps: dict[bool, list[float]] = {True: [], False: []}
    outside = 0
    for shown, truth, plate in zip(clip.shown, clip.truth, filled, strict=True):
        inside = shown.hole > 0
        wrong.append((plate[inside].astype(np.float32) - truth[inside]) ** 2)
        outside += int(np.count_nonzero((plate != shown.frame).any(axis=2) & ~inside))
    for index in range(len(filled) - 1):
        here, there = clip.shown[index].hole[:, PAN:] > 0, clip.shown[index + 1].hole[:, :-PAN] > 0
        both = here & there
        if both.any():
            # what is at x here is at x - PAN in the next picture
            apart = np.abs(filled[index + 1][:, :-PAN].astype(np.float32) - filled[index][:, PAN:])[both]
            edge = index % side == 0 or (index + 1) % side == 0
            steps[edge].append(float(apart.mean()))
    error = float(np.concatenate(wrong).mean())
    still = float(np.mean(steps[False])) if steps[False] else 0.0
    return Measures(
        psnr=99.0 if error == 0 else float(10 * np.log10(LEVELS**2 / error)),
        changed_outside=outside,
        flicker=float(np.mean([*steps[True], *steps[False]])),
        seam=float(np.mean(steps[True])) / still if still and steps[True] else None,
        jump=max(steps[True], default=0.0),
        jump_within=max(steps[False], default=0.0),
        seconds=seconds / max(1, len(filled)),
    )


class Usual:
    """What the product does where no video network is asked: other drawings' pixels, LaMa for the rest.

    Its windows move on by one picture each time; what may be seen is where the plate that it carries along is
    made anew, after ``Settings.look_back`` pictures.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._settings = Settings()

    def fill(self, shot: Iterable[Shown]) -> Iterator[U8]:
        """See :class:`triton_anime.fillers.window.Inpainter`."""
        views = (View(shown, shown.frame, shown.hole, shown.frame) for shown in shot)
        back, ahead = self._settings.look_back, self._settings.look_ahead
        for shown, plate in plates(views, self._invent, back, ahead):
            yield put_in(plate.image, shown)

    def _invent(self, frame: U8, mask: U8) -> U8:
        answer = self._server.infer("inpaint_background", {"FRAME": frame[None], "MASK": mask[None]})
        return np.asarray(answer["PLATE"][0], np.uint8)


def run(filler: Inpainter, clip: Clip, side: int = Schedule().side) -> Measures:
    """Fill the clip and measure it."""
    began = time.monotonic()
    filled = list(filler.fill(iter(clip.shown)))
    return measure(clip, filled, time.monotonic() - began, side)


def write_random(folder: Path) -> None:
    """A repository of narrow random video networks, beside the committed LaMa and RAFT."""
    import torch

    from triton_anime_export.networks import e2fgvi_hq, propainter, sttn
    from triton_anime_export.random_weights import shake
    from triton_anime_export.to_config import config_text
    from triton_anime_export.to_onnx import write

    for name in ("lama", "raft_small"):
        shutil.copytree(network_repository() / name, folder / name)
    # ProPainter's narrow generator draws two pictures, between which there is no middle
    drawn = propainter._sizes(propainter._generate_tensors, {"lite": 3, "full": 11})
    for network in (
        sttn.NETWORK,
        e2fgvi_hq.NETWORK,
        propainter.PROPAINTER_COMPLETE,
        propainter.PROPAINTER_PROPAGATE,
        replace(propainter.PROPAINTER_GENERATE, **drawn),
    ):
        torch.manual_seed(0)
        module = shake(network, network.build("lite"))
        with torch.no_grad():
            for weight in module.parameters():
                if weight.ndim > 1:
                    weight *= LIVELY.get(network.name, 1.0)
        write(network, module, folder / network.name / "1" / "model.onnx")
        (folder / network.name / "config.pbtxt").write_text(config_text(network), encoding="utf-8")


@contextmanager
def served(options: argparse.Namespace) -> Iterator[Server]:
    """The server that the options name."""
    if options.server:
        with connect(options.server) as server:
            yield server
        return
    from triton_anime.embedded import EmbeddedServer

    with tempfile.TemporaryDirectory() as folder:
        networks = options.networks
        if options.random:
            networks = Path(folder)
            write_random(networks)
        with EmbeddedServer(repositories=repositories(networks=networks)) as embedded:
            yield embedded.server


def side_of(server: Server, name: str) -> int:
    """Pictures between the middles of two windows of a filler, or between two plates that are carried."""
    if name == USUAL:
        return Settings().look_back
    from triton_anime.fillers.networks import pictures_of

    network = "propainter_generate" if name == "propainter" else name
    taken = None if name == "lama" else pictures_of(server, network)
    usual = Schedule().side
    return usual if taken is None else min(usual, max(1, (taken - 1) // 2))


def main() -> None:
    """Print one JSON line for each filler that is served."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    everyone = ",".join((USUAL, *MODELS))
    parser.add_argument("--fillers", default=everyone, help=f"which of {everyone}")
    parser.add_argument("--pictures", type=int, default=40)
    parser.add_argument("--stands", action="store_true", help="nothing shows what is behind the person")
    parser.add_argument("--size", default="320x180", help="WIDTHxHEIGHT")
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--random", action="store_true", help="narrow video networks with random weights")
    group.add_argument("--networks", type=Path, metavar="DIR", help="model repository")
    group.add_argument("--server", metavar="HOST:PORT")
    options = parser.parse_args()
    width, height = (int(side) for side in options.size.split("x"))
    clip = pan(options.pictures, height, width, stands=options.stands)
    with served(options) as server:
        for name in options.fillers.split(","):
            line: dict[str, object] = {"filler": name}
            try:
                filler = Usual(server) if name == USUAL else open_inpainter(server, name)
            except InputError as absent:
                print(json.dumps(line | {"not_served": str(absent)}), flush=True)
                continue
            found = run(filler, clip, side_of(server, name))
            line |= {key: round(value, 3) for key, value in asdict(found).items() if value is not None}
            if options.random and name not in (USUAL, "lama"):
                line["weights"] = "random and narrow: psnr, flicker and seconds say nothing of the network"
            print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
