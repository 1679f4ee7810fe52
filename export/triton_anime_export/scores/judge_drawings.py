"""Holds every answer about short clips against the truth, drawing by drawing."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime.refined_flow import refined
from triton_anime.server import Server
from triton_anime_export.scores import alone, peers, product
from triton_anime_export.scores.backgrounds import Plates, judge_plates, lama_plate, peer_plates
from triton_anime_export.scores.clip import EFFECT_SEEN, Clip
from triton_anime_export.scores.measures.alpha_connectivity import alpha_connectivity
from triton_anime_export.scores.measures.alpha_error import mae, mse, sad
from triton_anime_export.scores.measures.alpha_gradient import alpha_gradient
from triton_anime_export.scores.measures.boundary_f import Outline, meeting
from triton_anime_export.scores.measures.chamfer import chamfer, lines_of
from triton_anime_export.scores.measures.effect_iou import EffectIoU
from triton_anime_export.scores.measures.endpoint_error import endpoint_error
from triton_anime_export.scores.measures.flicker import flicker, strict_flicker
from triton_anime_export.scores.measures.mask_iou import mask_iou
from triton_anime_export.scores.measures.panoptic_quality import PanopticQuality
from triton_anime_export.scores.measures.psnr import psnr
from triton_anime_export.scores.measures.recomposition import recomposition_psnr
from triton_anime_export.scores.rows import NARROWED, PRODUCT, UNSTEADY
from triton_anime_export.scores.tally import Tally
from triton_anime_export.scores.worst import Worst, cut_out
from triton_anime_export.studio.source import EFFECT_TYPES
from triton_anime_export.training.clipseg_words import BROADER, UNCLEAR

U8 = NDArray[np.uint8]
Mask = NDArray[np.bool_]

CLASSES = ("background", "character", "effect", "object")
_GREY = 128.0
_MATTING = {"mse": mse, "sad": sad, "gradient": alpha_gradient, "connectivity": alpha_connectivity}


@dataclass
class Pools:
    """Measures that are one figure over all drawings of a set of data."""

    panoptic: PanopticQuality = field(default_factory=lambda: PanopticQuality(CLASSES, frozenset({1})))
    characters: dict[str, PanopticQuality] = field(default_factory=dict)
    effects: dict[str, EffectIoU] = field(default_factory=dict)
    named: EffectIoU = field(default_factory=EffectIoU)
    named_there: EffectIoU = field(default_factory=EffectIoU)

    def effect(self, answer: str) -> EffectIoU:
        """The sums of one answer."""
        return self.effects.setdefault(answer, EffectIoU())

    def character(self, answer: str) -> PanopticQuality:
        """Likewise for the characters alone."""
        return self.characters.setdefault(answer, PanopticQuality(CLASSES[:2], frozenset({1})))


class DrawingJudge:
    """Scores short clips.

    Args:
        server: where the networks are; those that it does not have are left out.
        pool: runs the peers while the server works.
        tally: gets the figures.
        worst: gets the pictures.
        pools: by set of data, get what is summed over drawings.
    """

    def __init__(
        self, server: Server, pool: Executor, tally: Tally, worst: Worst, pools: dict[str, Pools]
    ) -> None:
        self._server = server
        self._pool = pool
        self._tally = tally
        self._worst = worst
        self._pools = pools

    def judge(self, clip: Clip) -> None:
        """Score one clip.

        Raises:
            ServerError: the server died or a model failed.
        """
        rivals = self._pool.submit(_mattes_and_plates, clip)
        ours = product.run(self._server, clip)
        unsteady = product.run(self._server, clip, steady=False) if clip.kind == "staged" else None
        mattes, plates = rivals.result()
        for t in clip.judged:
            frame = clip.drawing(t)
            segments = None
            if self._server.is_ready("panoptic_deeplab"):
                segments = alone.segment(self._server, frame)
            alphas = {PRODUCT: ours[t].alpha}
            for network in ("u2net", "modnet"):
                if self._server.is_ready(network):
                    alphas[network] = alone.matte(self._server, network, frame, clip.shot.ids[t])
            alphas |= {name: found[t] for name, found in mattes.items()}
            self._characters(clip, t, alphas, segments, ours[t].identity)
            self._matting(clip, t, alphas, ours[t].character)
            self._effects(clip, t, ours[t].effects)
            pictures = {PRODUCT: ours[t].background} | lama_plate(self._server, clip, t)
            self._background(clip, t, pictures | {name: found[t] for name, found in plates.items()})
            layers = ours[t]
            value = recomposition_psnr(frame, layers.background, layers.character, layers.effects)
            self._tally.add("recomposition_psnr", PRODUCT, clip, value)
        if unsteady is not None:
            for t in range(clip.count - 1):
                self._flow(clip, t)
                self._flicker(clip, t, {PRODUCT: ours, UNSTEADY: unsteady})

    def finish(self) -> dict[str, dict[str, dict[str, float]]]:
        """Put what is summed over drawings into the tally; returns data → answer → effect type → IoU."""
        by_type: dict[str, dict[str, dict[str, float]]] = {}
        for data, pools in self._pools.items():
            self._tally.put("panoptic_quality", "panoptic_deeplab", data, pools.panoptic.mean())
            for answer, quality in pools.characters.items():
                value = quality.by_class().get("character", float("nan"))
                self._tally.put("character_pq", answer, data, value)
            for answer, sums in pools.effects.items():
                self._tally.put("effect_iou", answer, data, sums.mean())
            self._tally.put("named_effect_iou", "clipseg", data, pools.named.mean())
            self._tally.put("named_there_iou", "clipseg", data, pools.named_there.mean())
            by_type[data] = {
                PRODUCT: pools.effect(PRODUCT).by_type(),
                "clipseg": pools.named.by_type(),
            }
        return by_type

    def _of(self, clip: Clip) -> Pools:
        return self._pools.setdefault(clip.data, Pools())

    def _characters(
        self, clip: Clip, t: int, alphas: dict[str, U8], segments: alone.Segments | None, identity: U8
    ) -> None:
        true, unseen = clip.character(t), clip.unseen(t)
        masks = {name: alpha >= 128 for name, alpha in alphas.items()}
        truth = clip.classes(t)
        people = (truth[0] == 1).astype(np.uint8), truth[1]
        if segments is not None:
            masks["panoptic_deeplab"] = segments.classes == 1
            self._of(clip).panoptic.add((segments.classes, segments.instances), truth)
            seen = (segments.instances > 0).astype(np.uint8)
            self._of(clip).character("panoptic_deeplab").add((seen, segments.instances), people)
        self._of(clip).character(PRODUCT).add(((identity > 0).astype(np.uint8), identity), people)
        wanted = true & ~unseen
        if not wanted.any():
            return
        outline = Outline.of(true)
        for name, mask in masks.items():
            self._tally.add("character_iou", name, clip, mask_iou(mask & ~unseen, wanted))
            self._tally.add("boundary_f", name, clip, meeting(Outline.of(mask | unseen), outline))
        self._tally.add("character_iou", "everything", clip, mask_iou(~unseen, wanted))
        frame, name = clip.drawing(t), f"{clip.data} {clip.name}"
        pair = cut_out(frame, clip.shot.alpha[t]), cut_out(frame, alphas[PRODUCT])
        # A sliver of somebody at the edge of the picture says little.
        if true.mean() > 0.01:
            self._worst.offer(
                "characters", mask_iou(masks[PRODUCT] & ~unseen, wanted), name, f"drawing {t}", (frame, *pair)
            )

    def _matting(self, clip: Clip, t: int, alphas: dict[str, U8], layer: U8) -> None:
        true = np.asarray(clip.shot.alpha[t])
        alphas = {name: clip.excused(t, alpha) for name, alpha in alphas.items()}
        nothing = clip.excused(t, np.zeros_like(true))
        self._tally.add("alpha_mae", "nothing", clip, mae(nothing, true))
        for name, alpha in alphas.items():
            self._tally.add("alpha_mae", name, clip, mae(alpha, true))
        # What MOG2 finds is no matte: one figure says so.
        mattes = {name: alpha for name, alpha in alphas.items() if name != "mog2"}
        for name, alpha in mattes.items():
            for key, measure in _MATTING.items():
                self._tally.add(f"alpha_{key}", name, clip, measure(alpha, true))
        judged = clip.shot.effect[t] < 8
        wanted = lines_of(_true_cel(clip, t)) & judged
        if not wanted.any():
            return
        frame = clip.drawing(t)
        for name, alpha in mattes.items():
            colours = layer[..., :3] if name == PRODUCT else frame
            share = alpha[..., None] / 255.0
            cel = np.rint(colours * share + _GREY * (1 - share)).astype(np.uint8)
            self._tally.add("character_lines", name, clip, chamfer(lines_of(cel) & judged, wanted))

    def _effects(self, clip: Clip, t: int, layer: U8) -> None:
        true = clip.effect(t)
        pools, frame = self._of(clip), clip.drawing(t)
        masks = {PRODUCT: layer[..., 3] >= EFFECT_SEEN, "bright": peers.bright(frame)}
        if self._server.is_ready("separate_effects") and self._server.is_ready("clipseg"):
            named, anything = alone.effects(self._server, frame)
            masks["clipseg"] = anything >= EFFECT_SEEN
            kinds = clip.shot.effect_type[t]
            for kind, chances in named.items() if true.any() else ():
                judged = ~(true & _is_one_of(kinds, UNCLEAR.get(kind, ())))
                wanted = true & _is_one_of(kinds, (kind, *BROADER.get(kind, ())))
                found = (chances >= EFFECT_SEEN) & judged
                pools.named.add(kind, found, wanted & judged)
                if wanted.any():
                    pools.named_there.add(kind, found, wanted & judged)
        if not true.any():
            for name, mask in masks.items():
                self._tally.add("effect_false_alarm", name, clip, float(mask.mean()))
            return
        shown = [kind for kind in EFFECT_TYPES[1:] if clip.effect_of(t, kind).any()]
        # The layer does not say which effect is where: only drawings with one type tell about it.
        if len(shown) != 1:
            return
        for name, mask in masks.items():
            pools.effect(name).add(shown[0], mask, true)
        if true.mean() > 0.005:
            name, label = f"{clip.data} {clip.name}", f"drawing {t}, {shown[0]}"
            pair = cut_out(frame, clip.shot.effect[t]), cut_out(frame, np.ascontiguousarray(layer[..., 3]))
            self._worst.offer("effects", mask_iou(masks[PRODUCT], true), name, label, (frame, *pair))

    def _background(self, clip: Clip, t: int, pictures: dict[str, U8]) -> None:
        judge_plates(self._tally, clip, t, pictures)
        region, plate = clip.hidden(t), np.asarray(clip.shot.plate[t])
        if region.any():
            found = psnr(pictures[PRODUCT], plate, region)
            case = (clip.drawing(t), plate, pictures[PRODUCT])
            self._worst.offer("backgrounds", found, f"{clip.data} {clip.name}", f"drawing {t}", case)

    def _flow(self, clip: Clip, t: int) -> None:
        true, valid = clip.flow(t)
        pair = clip.drawing(t), clip.drawing(t + 1)
        answers = {"dis": peers.dis(*pair), "dis_finest": peers.dis_finest(*pair)}
        answers["no_motion"] = np.zeros_like(true)
        if self._server.is_ready("raft_small"):
            both = alone.flow(self._server, *pair)
            answers |= {"raft_small": both[0], PRODUCT: refined(*pair, *both)[0]}
        for name, found in answers.items():
            error, outliers = endpoint_error(found, true, valid)
            self._tally.add("flow_epe", name, clip, error)
            self._tally.add("flow_outliers", name, clip, outliers)

    def _flicker(self, clip: Clip, t: int, answers: dict[str, list[product.Layers]]) -> None:
        flow, valid = clip.flow(t)
        true = np.asarray(clip.shot.alpha[t]), np.asarray(clip.shot.alpha[t + 1])
        pairs = {
            answer: (clip.excused(t, found[t].alpha), clip.excused(t + 1, found[t + 1].alpha))
            for answer, found in answers.items()
        }
        pairs[NARROWED] = _narrowed(true[0]), _narrowed(true[1])
        for answer, pair in pairs.items():
            for key, measure in (("flicker", flicker), ("strict_flicker", strict_flicker)):
                self._tally.add(key, answer, clip, 1000 * measure(pair, true, flow, valid))


def _mattes_and_plates(clip: Clip) -> tuple[dict[str, dict[int, U8]], Plates]:
    """The peers' alphas and plates of the judged drawings."""
    cv2.setNumThreads(1)
    frames = clip.drawings
    moving = peers.background_subtraction(frames)
    cut = {t: peers.grab_cut(frames[t], clip.shot.ids[t]) for t in clip.judged}
    found = {t: moving.masks[t] for t in clip.judged}
    return {"grab_cut": cut, "mog2": found}, peer_plates(clip, clip.judged, moving.background)


def _narrowed(alpha: U8) -> U8:
    return np.asarray(cv2.erode(alpha, np.ones((3, 3), np.uint8)), np.uint8)


def _is_one_of(kinds: U8, names: tuple[str, ...]) -> Mask:
    return np.asarray(np.isin(kinds, [EFFECT_TYPES.index(name) for name in names]))


def _true_cel(clip: Clip, t: int) -> U8:
    """The true characters over grey [H,W,3]; where an effect lies over them it is not known."""
    share = 1 - clip.shot.alpha[t][..., None] / 255.0
    cel = clip.shot.frames[t] + share * (_GREY - clip.shot.plate[t].astype(np.float64))
    return np.asarray(np.clip(np.rint(cel), 0, 255), np.uint8)
