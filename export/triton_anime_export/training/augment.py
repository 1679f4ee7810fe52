"""What broadcast and re-encoding do to a drawing, and other views of it, at load time.

Geometry and photometry are sampled once and applied to any number of frames, so that the frames of one clip
stay consistent with one another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime_export.studio.broadcast import overlay_augment

Frame = NDArray[np.uint8]
Maps = dict[str, NDArray[np.uint8]]
Degrade = Callable[[Frame], Frame]
View = Callable[[NDArray[np.uint8], bool], NDArray[np.uint8]]

OVERLAID = 0.2
"""Share of views with subtitles, a logo, credits or bars."""

LABELS = frozenset({"ids", "effect_type"})
"""Maps of labels: they are resampled to the nearest pixel, everything else bilinearly."""


def augment(
    rng: np.random.Generator,
    frame: Frame,
    maps: Mapping[str, NDArray[np.uint8]],
    size: tuple[int, int] | None = None,
    prefer: str | None = None,
    around: NDArray[np.uint8] | None = None,
) -> tuple[Frame, Maps]:
    """One random view of a frame and its maps, with the frame degraded.

    Args:
        rng: decides everything.
        frame: uint8 [H,W,3].
        maps: uint8 [H,W] or [H,W,3] by name; ``LABELS`` are resampled to the nearest.
        size: height and width of the result; None keeps the frame's.
        prefer: a map that should not be empty in the view: up to three views are tried, most of the time.
        around: labels [H,W]: the view is a crop around one of them, as the product cuts it, if there is one.

    Returns:
        The new frame and maps, all of ``size``.
    """
    view = sample_view(rng, frame.shape[:2], size or frame.shape[:2])
    labels = np.zeros(0, np.uint8) if around is None else np.setdiff1d(around[::4, ::4], 0)
    if around is not None and len(labels):
        box = cv2.boundingRect((around == rng.choice(labels)).astype(np.uint8))
        view = sample_crop(rng, (box[0], box[1], box[2], box[3]), frame.shape, size or frame.shape[:2])
    elif prefer is not None and rng.random() < 0.9:
        for _ in range(2):
            if view(maps[prefer], True).any():
                break
            view = sample_view(rng, frame.shape[:2], size or frame.shape[:2])
    seen = {name: view(value, name in LABELS) for name, value in maps.items()}
    shown, overlay = overlay_augment(rng, view(frame, False), OVERLAID)
    bars = (overlay >= 128).all(axis=1)[:, None] | (overlay >= 128).all(axis=0)[None]
    if bars.any():
        # Under subtitles and logos what is drawn stays what it is; a bar shows nothing of it.
        for name, value in seen.items():
            seen[name] = np.where(bars if value.ndim == 2 else bars[..., None], 0, value).astype(np.uint8)
    return sample_degrade(rng)(shown), seen


def sample_view(
    rng: np.random.Generator,
    source: tuple[int, ...],
    size: tuple[int, ...],
    *,
    zoom: tuple[float, float] = (0.9, 2.2),
    stretch: float = 1.12,
) -> View:
    """A random mirrored, zoomed and slightly turned crop, as a function of an image and of "is a label map".

    Args:
        rng: decides everything.
        source: height and width of what will be given.
        size: height and width of what comes back.
        zoom: range of magnification relative to the crop that just covers ``size``.
        stretch: largest change of the aspect ratio.
    """
    (h, w), (out_h, out_w) = source[:2], size[:2]
    cover = max(out_h / h, out_w / w)
    scale = cover * float(np.exp(rng.uniform(np.log(max(zoom[0], 1e-3)), np.log(zoom[1]))))
    scale = max(scale, cover) if rng.random() < 0.8 else scale
    aspect = float(stretch ** rng.uniform(-1, 1))
    angle = float(rng.normal(0, 0.06)) if rng.random() < 0.4 else 0.0
    mirror = -1.0 if rng.random() < 0.5 else 1.0
    sx, sy = scale * aspect, scale / aspect
    spare_x, spare_y = max(0.0, w - out_w / sx) / 2, max(0.0, h - out_h / sy) / 2
    cx, cy = w / 2 + rng.uniform(-spare_x, spare_x), h / 2 + rng.uniform(-spare_y, spare_y)
    return _viewed(cx, cy, sx, sy, mirror, angle, (out_h, out_w))


def _viewed(
    cx: float, cy: float, sx: float, sy: float, mirror: float, angle: float, size: tuple[int, int]
) -> View:
    """The view of ``size`` whose middle is (cx, cy) of the source, scaled, mirrored and turned (radians)."""
    out_h, out_w = size
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.array([[cos * sx * mirror, -sin * sy], [sin * sx * mirror, cos * sy]])
    matrix = np.column_stack([turn, np.array([out_w / 2, out_h / 2]) - turn @ np.array([cx, cy])])

    def view(image: NDArray[np.uint8], label: bool) -> NDArray[np.uint8]:
        shrinks = min(sx, sy) <= 0.6
        how = cv2.INTER_NEAREST if label else cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        # A mirrored border continues the picture; labels continue with it.
        return np.asarray(
            cv2.warpAffine(image, matrix, (out_w, out_h), flags=how, borderMode=cv2.BORDER_REFLECT_101),
            np.uint8,
        )

    return view


def sample_crop(
    rng: np.random.Generator,
    box: tuple[int, int, int, int],
    source: tuple[int, ...],
    size: tuple[int, ...],
    *,
    stretch: float = 1.1,
) -> View:
    """A crop around a box with a margin like the product's, more or less, as :func:`sample_view` gives views.

    Args:
        rng: decides everything.
        box: x, y, width, height in pixels of the source.
        source: height and width of what will be given; a box too large for this shape of view is cut.
        size: height and width of what comes back.
        stretch: largest change of the aspect ratio.
    """
    x, y, w, h = box
    (high, wide), (out_h, out_w) = source[:2], size[:2]
    margin = rng.uniform(0.05, 0.45) * max(w, h) + 4
    if rng.random() < 0.15:
        margin = -rng.uniform(0, 0.2) * min(w, h)  # a box that misses a part: the segmentation errs
    left, top, right, bottom = (float(rng.uniform(0.5, 1.5)) * margin for _ in range(4))
    aspect = float(stretch ** rng.uniform(-1, 1))
    # Source pixels to a view's pixel; no more than the source has, or its border would be seen mirrored.
    step = max((w + left + right) / out_w, (h + top + bottom) / out_h, 0.1)
    step = min(step, wide / out_w * aspect, high / out_h / aspect)
    half_w, half_h = step * out_w / aspect / 2, step * out_h * aspect / 2
    cx = float(np.clip(x + (w + right - left) / 2, half_w, max(half_w, wide - half_w)))
    cy = float(np.clip(y + (h + bottom - top) / 2, half_h, max(half_h, high - half_h)))
    mirror = -1.0 if rng.random() < 0.5 else 1.0
    return _viewed(cx, cy, aspect / step, 1 / step / aspect, mirror, 0.0, (out_h, out_w))


def sample_degrade(rng: np.random.Generator, strength: float = 1.0) -> Degrade:
    """Random colour, blur, low resolution, noise and JPEG, as a function of a frame uint8 [H,W,3]."""
    steps: list[Degrade] = []
    chance = rng.random(7)
    if chance[0] < 0.8 * strength:
        steps.append(_colour(rng))
    if chance[1] < 0.06 * strength:
        steps.append(_grey)
    if chance[2] < 0.2 * strength:
        sigma = float(rng.uniform(0.4, 1.2))
        steps.append(lambda frame: np.asarray(cv2.GaussianBlur(frame, (0, 0), sigma), np.uint8))
    if chance[3] < 0.2 * strength:
        steps.append(_low_resolution(float(rng.uniform(0.45, 0.9))))
    if chance[4] < 0.25 * strength:
        steps.append(_noise(int(rng.integers(1 << 31)), float(rng.uniform(1, 7))))
    if chance[5] < 0.5 * strength:
        steps.append(_jpeg(int(rng.integers(35, 95))))
    if chance[6] < 0.1 * strength:
        steps.append(_sharpen)

    def degrade(frame: Frame) -> Frame:
        for step in steps:
            frame = step(frame)
        return frame

    return degrade


def _colour(rng: np.random.Generator) -> Degrade:
    gamma = float(np.exp(rng.normal(0, 0.22)))
    gain = np.exp(rng.normal(0, 0.06, 3)) * float(np.exp(rng.normal(0, 0.12)))
    lift = float(rng.normal(0, 0.03))
    ramp = np.linspace(0, 1, 256)[:, None] ** gamma * gain + lift
    table = np.clip(ramp * 255, 0, 255).astype(np.uint8)[None]
    hue = int(rng.normal(0, 6)) if rng.random() < 0.5 else 0
    saturation = float(np.clip(rng.normal(1, 0.2), 0.3, 1.6))

    def apply(frame: Frame) -> Frame:
        frame = np.asarray(cv2.LUT(frame, table), np.uint8)
        if hue or abs(saturation - 1) > 0.05:
            hsv = cv2.cvtColor(frame, cv2.COLOR_RGB2HSV)
            hsv[..., 0] = (hsv[..., 0].astype(np.int16) + hue) % 180
            hsv[..., 1] = cv2.convertScaleAbs(hsv[..., 1], alpha=saturation)
            frame = np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), np.uint8)
        return frame

    return apply


def _grey(frame: Frame) -> Frame:
    return np.repeat(np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), np.uint8)[..., None], 3, axis=2)


def _low_resolution(share: float) -> Degrade:
    def apply(frame: Frame) -> Frame:
        h, w = frame.shape[:2]
        small = cv2.resize(
            frame, (max(8, int(w * share)), max(8, int(h * share))), interpolation=cv2.INTER_AREA
        )
        return np.asarray(cv2.resize(small, (w, h), interpolation=cv2.INTER_LINEAR), np.uint8)

    return apply


def _noise(seed: int, sigma: float) -> Degrade:
    def apply(frame: Frame) -> Frame:
        h, w = frame.shape[:2]
        grain = np.random.default_rng(seed).standard_normal((h, w, 1), np.float32) * sigma
        return np.clip(frame + grain, 0, 255).astype(np.uint8)

    return apply


def _jpeg(quality: int) -> Degrade:
    def apply(frame: Frame) -> Frame:
        _, data = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, quality])
        return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)

    return apply


def _sharpen(frame: Frame) -> Frame:
    soft = cv2.GaussianBlur(frame, (0, 0), 1.5)
    return np.asarray(cv2.addWeighted(frame, 1.6, soft, -0.6, 0), np.uint8)
