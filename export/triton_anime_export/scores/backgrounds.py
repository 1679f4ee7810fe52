"""Clean backgrounds held against the true plate, and what the peers make of the true hole."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from triton_anime.server import Server
from triton_anime_export.scores import alone, peers
from triton_anime_export.scores.clip import Clip
from triton_anime_export.scores.measures.chamfer import chamfer, lines_of
from triton_anime_export.scores.measures.psnr import psnr
from triton_anime_export.scores.measures.ssim import ssim
from triton_anime_export.scores.tally import Tally

U8 = NDArray[np.uint8]
Plates = dict[str, dict[int, U8]]
"""Answer → drawing → plate uint8 [H,W,3]."""

# Share of the picture from which a figure about what was uncovered means something.
_ENOUGH = 0.001


def peer_plates(clip: Clip, drawings: Iterable[int], backdrop: U8) -> Plates:
    """What OpenCV makes of the true holes of some drawings; ``backdrop`` is MOG2's background."""
    found: Plates = {"telea": {}, "navier_stokes": {}, "mog2": {}}
    for t in drawings:
        frame, hole = clip.drawing(t), clip.hole(t)
        found["telea"][t] = peers.telea(frame, hole)
        found["navier_stokes"][t] = peers.navier_stokes(frame, hole)
        found["mog2"][t] = backdrop
    return found


def lama_plate(server: Server, clip: Clip, t: int) -> dict[str, U8]:
    """LaMa's answer to the true hole; empty where it is not served or nothing is hidden."""
    if not server.is_ready("lama") or not clip.hole(t).any():
        return {}
    return {"lama": alone.inpaint(server, clip.drawing(t), clip.hole(t))}


def judge_plates(tally: Tally, clip: Clip, t: int, pictures: dict[str, U8]) -> None:
    """Score plates of one drawing wherever it hides the background, and where others uncover it.

    Args:
        tally: gets the figures.
        clip: with the truth.
        t: which drawing.
        pictures: plates uint8 [H,W,3] by answer.
    """
    plate = np.asarray(clip.shot.plate[t])
    judge_uncovered(tally, clip, t, pictures)
    region = clip.hidden(t)
    if not region.any():
        return
    wanted = lines_of(plate) & region
    for name, picture in pictures.items():
        tally.add("background_psnr", name, clip, psnr(picture, plate, region))
        tally.add("background_ssim", name, clip, ssim(picture, plate, region))
        if wanted.any():
            tally.add("background_lines", name, clip, chamfer(lines_of(picture) & region, wanted))


def judge_uncovered(tally: Tally, clip: Clip, t: int, pictures: dict[str, U8]) -> None:
    """Score plates of one drawing only where another drawing uncovers what it hides."""
    plate, region = np.asarray(clip.shot.plate[t]), clip.hidden(t) & clip.uncovered[t]
    if region.mean() < _ENOUGH:
        return
    for name, picture in pictures.items():
        tally.add("uncovered_psnr", name, clip, psnr(picture, plate, region))
        tally.add("uncovered_ssim", name, clip, ssim(picture, plate, region))
