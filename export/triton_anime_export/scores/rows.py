"""What the table shows: capabilities, their measures and targets, and who answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

DATA = {
    "studio": "(a) held-out studio seeds",
    "art": "(b) art not trained on",
    "broadcast": "(c) the same, as broadcast",
    "fresh": "(d) as (b), fresh seeds",
}

PRODUCT, UNSTEADY, NARROWED = "product", "unsteady", "narrowed"

ANSWERS = {
    PRODUCT: "whole product",
    UNSTEADY: "whole product without stage 3's correction",
    "panoptic_deeplab": "panoptic_deeplab alone",
    "u2net": "u2net alone, true boxes",
    "modnet": "modnet alone, true boxes",
    "clipseg": "clipseg alone",
    "lama": "lama alone, true hole",
    "raft_small": "raft_small alone",
    "xmem": "xmem alone, first masks given",
    "deaot": "deaot alone, first masks given",
    "grab_cut": "OpenCV GrabCut, true boxes",
    "mog2": "OpenCV MOG2",
    "telea": "OpenCV Telea, true hole",
    "navier_stokes": "OpenCV Navier-Stokes, true hole",
    "dis": "OpenCV DIS",
    "dis_finest": "OpenCV DIS, down to single pixels",
    "dis_masks": "masks warped by DIS, first masks given",
    "bright": "trivial: whatever is bright",
    "everything": "trivial: everything is a character",
    "nothing": "trivial: nobody is there",
    "no_motion": "trivial: nothing moves",
    "copied": "trivial: first masks copied",
    NARROWED: "for comparison: the true alpha, a pixel narrower in every drawing",
}
"""Names in the table, ours first, then peers, then trivial answers; the order of the rows."""

By = Mapping[str, float]
"""Figures of one measure and one set of data, by answer."""


@dataclass(frozen=True)
class Measure:
    """One measure.

    Attributes:
        key: its name in scores.json.
        title: what it says, with its unit.
        higher: whether more is better.
        digits: after the point.
        target: in words, empty when there is none.
        met: whether the figures meet it.
    """

    key: str
    title: str
    higher: bool
    digits: int = 3
    target: str = ""
    met: Callable[[By], bool] | None = None


def _least(value: float) -> Callable[[By], bool]:
    return lambda by: by[PRODUCT] >= value


def _most(value: float) -> Callable[[By], bool]:
    return lambda by: by[PRODUCT] <= value


def _above_telea(by: By) -> bool:
    return by[PRODUCT] >= by["telea"] + 3


CAPABILITIES: dict[str, tuple[Measure, ...]] = {
    "Characters": (
        Measure("character_iou", "mask IoU", True, 3, "≥ 0.90", _least(0.90)),
        Measure("boundary_f", "boundary F", True, 3, "≥ 0.80", _least(0.80)),
        Measure("panoptic_quality", "panoptic quality, all classes", True),
        Measure("character_pq", "panoptic quality, characters", True),
    ),
    "Matting": (
        Measure("alpha_mae", "alpha MAE", False, 4, "≤ 0.03", _most(0.03)),
        Measure("alpha_mse", "alpha MSE", False, 4),
        Measure("alpha_sad", "SAD, thousand pixels", False, 2),
        Measure("alpha_gradient", "gradient error, thousands", False, 2),
        Measure("alpha_connectivity", "connectivity error, thousands", False, 2),
        Measure("character_lines", "chamfer distance of the character's lines, px", False, 2),
    ),
    "Effects": (
        Measure("effect_iou", "IoU of the effect, mean over types", True, 3, "≥ 0.60", _least(0.60)),
        Measure("named_effect_iou", "IoU of the effect asked for by its name, mean over types", True),
        Measure("named_there_iou", "the same in drawings that show it", True),
        Measure("effect_false_alarm", "share of the picture taken for an effect where there is none", False),
    ),
    "Background": (
        Measure(
            "uncovered_psnr",
            "PSNR of hidden places that another drawing uncovers, dB",
            True,
            2,
            "≥ Telea + 3",
            _above_telea,
        ),
        Measure("uncovered_ssim", "SSIM there", True),
        Measure("background_psnr", "PSNR of all hidden places, dB", True, 2, "≥ Telea + 3", _above_telea),
        Measure("background_ssim", "SSIM there", True),
        Measure("background_lines", "chamfer distance of its lines there, px", False, 2),
    ),
    "Tracking, 100 frames with occlusion": (
        Measure("tracking_jf", "J&F", True, 3, "≥ 0.80", _least(0.80)),
        Measure("tracking_j", "J", True),
        Measure("tracking_f", "F", True),
        Measure("switches_simple", "identity switches, simple clips", False, 0, "0", _most(0)),
        Measure("switches_crossing", "identity switches, crossing clips", False, 0),
    ),
    "Flow": (
        Measure(
            "flow_epe",
            "endpoint error, px",
            False,
            2,
            "< DIS",
            lambda by: by[PRODUCT] < by["dis"],
        ),
        Measure("flow_outliers", "outliers (Fl)", False),
    ),
    "Stability": (
        Measure(
            "flicker",
            "flicker, alpha × 1000",
            False,
            2,
            "≤ half of without",
            lambda by: by[PRODUCT] <= 0.5 * by[UNSTEADY],
        ),
        Measure("strict_flicker", "the same with one motion for each pixel", False, 2),
    ),
    "Recomposition": (Measure("recomposition_psnr", "PSNR, dB", True, 1, "≥ 40", _least(40)),),
}
"""Measures by capability, in the order of the table."""
