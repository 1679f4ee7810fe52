"""Holds answers about long clips against the truth: who is who over 100 frames."""

from __future__ import annotations

from concurrent.futures import Executor

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime.server import Server
from triton_anime_export.scores import peers, product
from triton_anime_export.scores.backgrounds import Plates, judge_uncovered, lama_plate, peer_plates
from triton_anime_export.scores.clip import Clip
from triton_anime_export.scores.followers import FOLLOWERS, served_followers
from triton_anime_export.scores.measures.clip_jf import clip_jf
from triton_anime_export.scores.measures.identity_switches import identity_switches
from triton_anime_export.scores.measures.mask_iou import mask_iou
from triton_anime_export.scores.rows import PRODUCT
from triton_anime_export.scores.tally import Tally
from triton_anime_export.scores.worst import Worst, coloured

U8 = NDArray[np.uint8]

# Every so many drawings the plate is scored: neighbours hide nearly the same.
_EVERY = 5


class ClipJudge:
    """Scores tracking clips.

    Args:
        server: where the networks are; a tracker is left out where it is not served.
        pool: runs the peers while the server works.
        tally: gets the figures.
        worst: gets the pictures.
    """

    def __init__(self, server: Server, pool: Executor, tally: Tally, worst: Worst) -> None:
        self._server = server
        self._pool = pool
        self._tally = tally
        self._worst = worst

    def judge(self, clip: Clip) -> None:
        """Score one clip.

        Raises:
            ServerError: the server died or a model failed.
        """
        rival = self._pool.submit(_warped, clip)
        sample = range(0, clip.count, _EVERY)
        rival_plates = self._pool.submit(_plates, clip, sample)
        truth = [np.asarray(labels) for labels in clip.shot.ids]
        ours = product.run(self._server, clip)
        found = [layers.identity for layers in ours]
        self._add(clip, PRODUCT, found, truth, given=False)
        self._add(clip, "dis_masks", rival.result(), truth, given=True)
        self._add(clip, "copied", [truth[0]] * clip.count, truth, given=True)
        for name in served_followers(self._server):
            followed = FOLLOWERS[name](self._server, clip.drawings, truth[0])
            self._add(clip, name, followed, truth, given=True)
        plates = rival_plates.result()
        for t in sample:
            pictures = {PRODUCT: ours[t].background} | lama_plate(self._server, clip, t)
            pictures |= {name: by_drawing[t] for name, by_drawing in plates.items()}
            judge_uncovered(self._tally, clip, t, pictures)
        for t in range(clip.count):
            quality = _best_overlaps(found[t], truth[t])
            shown = clip.drawing(t), coloured(clip.drawing(t), truth[t])
            pair = (*shown, coloured(clip.drawing(t), found[t]))
            name = f"{clip.data} {clip.name}"
            self._worst.offer(f"identities_{clip.kind}", quality, name, f"drawing {t}", pair)

    def _add(self, clip: Clip, answer: str, found: list[U8], truth: list[U8], *, given: bool) -> None:
        # A drawing whose masks are given is not scored.
        first = 1 if given else 0
        score = clip_jf(found[first:], truth[first:], same_numbers=given)
        for key, value in (("jf", score.jf), ("j", score.j), ("f", score.f)):
            self._tally.add(f"tracking_{key}", answer, clip, value)
        self._tally.sum(f"switches_{clip.kind}", answer, clip.data, identity_switches(found, truth))


def _plates(clip: Clip, drawings: range) -> Plates:
    cv2.setNumThreads(1)
    return peer_plates(clip, drawings, peers.background_subtraction(clip.drawings).background)


def _warped(clip: Clip) -> list[U8]:
    cv2.setNumThreads(1)
    return peers.warped_masks(clip.drawings, np.asarray(clip.shot.ids[0]))


def _best_overlaps(found: U8, truth: U8) -> float:
    """Mean over the true characters of the best IoU that any answer reaches."""
    values = []
    for number in (int(value) for value in np.unique(truth) if value):
        mask = truth == number
        if mask.mean() < 0.004:
            continue
        others = [int(value) for value in np.unique(found[mask]) if value]
        values.append(max((mask_iou(found == other, mask) for other in others), default=0.0))
    return float(np.mean(values)) if values else float("nan")
