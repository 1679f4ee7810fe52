"""The camera over a painted background: where each drawing of a shot lies in the picture of the shot.

A background is a painting under a rostrum camera: it stands, pans by whole or fractional pixels, or zooms.
One transform per drawing therefore says where every background pixel is, which a dense flow field never
says as exactly. It is found in two steps, both on background pixels only: flow (or tracked corners) and
RANSAC for a start, then Gauss-Newton on the grey values themselves with robust weights (Lucas & Kanade 1981
in the inverse-compositional form of Baker & Matthews 2004), with a gain and an offset so that fades do not
pull at it. The model grows only while that explains the picture better: standing, shift, similarity, affine.

A matrix [2,3] maps pixel coordinates (x, y, 1) of one drawing to those of another, at full resolution.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

# Full-resolution pixels: a transform this close to standing still, or to a whole shift, is that.
_SNAP = 0.12
# Levels of grey: a background whose robust error stays above this is not explained by the transform.
_LOST = 9.0
# Levels of grey: a start this good needs no second opinion.
_PLAIN = 2.5
_POINTS = 4000
# Background pixels below which nothing can be said.
_FEWEST = 600


@dataclass(frozen=True)
class Still:
    """One drawing as the camera sees it: grey picture and which pixels are background.

    Attributes:
        grey: [h,w] float32, 0..255, at the working resolution.
        background: [h,w] bool, true where neither character nor effect is.
        scale: working pixels per full-resolution pixel, (x, y).
    """

    grey: F32
    background: NDArray[np.bool_]
    scale: tuple[float, float]

    @classmethod
    def of(cls, working: U8, hole: U8, height: int, width: int) -> Still:
        """From the working frame [h,w,3], a mask of what is not background [h,w] and the full size."""
        h, w = hole.shape
        # a slight blur on both sides: otherwise the interpolation of one side alone biases the fit
        grey = cv2.GaussianBlur(cv2.cvtColor(working, cv2.COLOR_RGB2GRAY).astype(np.float32), (0, 0), 1.0)
        # the blur carries foreground three pixels out
        background = cv2.dilate(hole, np.ones((7, 7), np.uint8)) == 0
        return cls(grey, background, (w / width, h / height))

    @property
    def to_full(self) -> F64:
        """[3,3] from working to full-resolution pixel coordinates (pixel centres at whole numbers)."""
        sx, sy = self.scale
        return np.array([[1 / sx, 0, 0.5 / sx - 0.5], [0, 1 / sy, 0.5 / sy - 0.5], [0, 0, 1.0]])


@dataclass(frozen=True)
class Registration:
    """How one drawing's background lies on another's.

    Attributes:
        matrix: [2,3], full-resolution pixels.
        error: robust mean absolute difference of grey on the background, in levels.
        found: whether the transform explains the background at all.
    """

    matrix: F64
    error: float
    found: bool


# Share of its area below which a picture has not been zoomed but lost.
_LEAST_AREA = 0.04
IDENTITY: F64 = np.array([[1.0, 0, 0], [0, 1.0, 0]])


def chain(second: F64, first: F64) -> F64:
    """The transform that applies ``first`` and then ``second``."""
    return cast(F64, (_square(second) @ _square(first))[:2])


def inverse(matrix: F64) -> F64:
    """The transform the other way, [2,3] or [3,3] as given."""
    # closed form: LAPACK on a 3x3 costs more in thread start than in arithmetic
    (a, b, x), (c, d, y) = matrix[:2].tolist()
    determinant = a * d - b * c
    if abs(determinant) < 1e-9:
        raise np.linalg.LinAlgError("the transform flattens the picture")
    a, b, c, d = d / determinant, -b / determinant, -c / determinant, a / determinant
    back = np.array([[a, b, -(a * x + b * y)], [c, d, -(c * x + d * y)]])
    return _square(back) if matrix.shape == (3, 3) else back


def is_plausible(matrix: F64) -> bool:
    """Whether a camera could have done it: on a plain background a fit may fold the picture into a line."""
    (a, b), (c, d) = matrix[:2, :2].tolist()
    # NaN compares false
    return _LEAST_AREA < a * d - b * c < 1 / _LEAST_AREA and bool(np.isfinite(matrix).all())


def rescaled(matrix: F64, still: Still) -> F64:
    """A full-resolution transform in working pixels."""
    return cast(F64, (inverse(still.to_full) @ _square(matrix) @ still.to_full)[:2])


def snap(matrix: F64, height: int, width: int) -> F64:
    """``matrix``, or the whole-pixel shift that it equals to within what can be measured.

    A whole shift copies pixels and a standing camera copies them in place: nothing is resampled.
    """
    corners = np.array([[0, 0, 1.0], [width, 0, 1], [0, height, 1], [width, height, 1]])
    moved = corners @ matrix.T - corners[:, :2]
    shift = np.rint(moved.mean(axis=0))
    if np.abs(moved - shift).max() <= _SNAP:
        return np.array([[1.0, 0, shift[0]], [0, 1.0, shift[1]]])
    return matrix


def register(source: Still, target: Still, guesses: Sequence[F64] = ()) -> Registration:
    """Where the background of ``source`` is found in ``target``.

    Args:
        source: the drawing to place.
        target: the drawing to place it on, of the same size.
        guesses: [2,3] full-resolution transforms to start from, beside standing still and tracked corners;
            implausible ones are left out.

    Returns:
        The registration source→target; ``found`` is false when the background is too small, changed, or
        does not move as one.
    """
    points = _points(source)
    if points is None:
        return Registration(guesses[0] if guesses else IDENTITY, float("inf"), False)
    h, w = source.grey.shape
    to_full = source.to_full
    to_work = inverse(to_full)
    starts = [np.eye(3), *(to_work @ _square(guess) @ to_full for guess in guesses if is_plausible(guess))]
    if min(_error(points, source, target, start) for start in starts) > _PLAIN:
        moved = _from_corners(source, target)
        if moved is not None and is_plausible(moved):
            starts.append(_square(moved))
    gradient = _gradient(source.grey)
    start = min(starts, key=lambda matrix: _error(points, source, target, matrix))
    best_error, best = float("inf"), start
    # freedom: 2 shift, 4 similarity, 6 affine; a richer model must earn its place, or noise is read as a zoom
    for freedom in (2, 4, 6):
        refined = _refine(points, gradient, source, target, start, freedom)
        if refined is None or not is_plausible(refined):
            continue
        error = _error(points, source, target, refined)
        if error < 0.95 * best_error - 0.02:
            best_error, best = error, refined
        if freedom == 4 and error <= best_error:
            start = refined
    full = snap((to_full @ best @ to_work)[:2], round(h / source.scale[1]), round(w / source.scale[0]))
    return Registration(full, best_error, bool(best_error <= _LOST))


def _square(matrix: F64) -> F64:
    return np.vstack([matrix, [0, 0, 1.0]]) if matrix.shape == (2, 3) else matrix


def _points(source: Still) -> NDArray[np.intp] | None:
    """Up to a few thousand background pixels (y, x) of the source, those with structure first."""
    h, w = source.grey.shape
    allowed = source.background.copy()
    edge = 3
    allowed[:edge], allowed[-edge:], allowed[:, :edge], allowed[:, -edge:] = False, False, False, False
    count = int(allowed.sum())
    if count < _FEWEST:
        return None
    flat = np.flatnonzero(allowed)
    # an even stride is deterministic and covers the picture
    flat = flat[:: max(1, count // _POINTS)]
    return np.stack(np.unravel_index(flat, (h, w)), axis=1)


def _gradient(grey: F32) -> tuple[F32, F32]:
    kernel = np.array([[-0.5, 0, 0.5]], np.float32)
    smooth = cv2.GaussianBlur(grey, (3, 3), 0.7)
    return cv2.filter2D(smooth, -1, kernel), cv2.filter2D(smooth, -1, kernel.T)


def _look(values: F32, x: F32, y: F32) -> F32:
    """``values`` at positions, bilinear; positions are processed as one long row of blocks."""
    columns = 256
    pad = -len(x) % columns
    map_x = np.pad(x, (0, pad)).reshape(-1, columns)
    map_y = np.pad(y, (0, pad)).reshape(-1, columns)
    found = cv2.remap(values, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return cast(F32, found.reshape(-1)[: len(x)])


def _pairs(
    points: NDArray[np.intp], source: Still, target: Still, matrix: F64
) -> tuple[F32, F32, NDArray[np.bool_]]:
    """Grey of the points in source and target, and which of them can be compared."""
    h, w = source.grey.shape
    y, x = points[:, 0].astype(np.float64), points[:, 1].astype(np.float64)
    to_x = (matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2]).astype(np.float32)
    to_y = (matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2]).astype(np.float32)
    valid = (to_x >= 1) & (to_x <= w - 2) & (to_y >= 1) & (to_y <= h - 2)
    near_x = np.clip(np.rint(to_x), 0, w - 1).astype(np.intp)
    near_y = np.clip(np.rint(to_y), 0, h - 1).astype(np.intp)
    valid &= target.background[near_y, near_x]
    return source.grey[points[:, 0], points[:, 1]], _look(target.grey, to_x, to_y), valid


def _error(points: NDArray[np.intp], source: Still, target: Still, matrix: F64) -> float:
    """Mean absolute difference over the better three quarters, gain and offset removed; inf when few."""
    here, there, valid = _pairs(points, source, target, matrix)
    if valid.sum() < max(64, 0.15 * len(points)):
        return float("inf")
    a, b = here[valid], there[valid]
    a, b = a - np.median(a), b - np.median(b)
    gain = np.clip(np.abs(a).mean() / max(1e-3, float(np.abs(b).mean())), 0.5, 2.0)
    difference = np.abs(a - gain * b)
    keep = max(1, int(0.75 * len(difference)))
    return float(np.partition(difference, keep - 1)[:keep].mean())


def from_flow(still: Still, flow: F32) -> F64 | None:
    """The full-resolution transform that a flow field [h,w,2] shows on the background of ``still``.

    A similarity by RANSAC; ``None`` when there is too little background or no agreement.
    """
    points = _points(still)
    if points is None:
        return None
    some = points[:: max(1, len(points) // 1500)]
    start = some[:, ::-1].astype(np.float32)
    end = start + flow[some[:, 0], some[:, 1]]
    cv2.setRNGSeed(1)
    matrix, _ = cv2.estimateAffinePartial2D(start, end, method=cv2.RANSAC, ransacReprojThreshold=1.0)
    if matrix is None or not is_plausible(matrix):
        return None
    to_full = still.to_full
    return cast(F64, (to_full @ _square(matrix) @ inverse(to_full))[:2])


def _from_corners(source: Still, target: Still) -> F64 | None:
    """Similarity fitted by RANSAC to corners of the background, tracked by pyramidal Lucas-Kanade."""
    one, other = (np.clip(still.grey, 0, 255).astype(np.uint8) for still in (source, target))
    mask = source.background.astype(np.uint8) * 255
    corners = cv2.goodFeaturesToTrack(one, 200, 0.01, 8, mask=mask)
    if corners is None or len(corners) < 6:
        return None
    moved, status, _ = cv2.calcOpticalFlowPyrLK(one, other, corners, None, winSize=(21, 21), maxLevel=4)
    good = status.reshape(-1) == 1
    if good.sum() < 6:
        return None
    cv2.setRNGSeed(1)
    matrix, _ = cv2.estimateAffinePartial2D(
        corners[good], moved[good], method=cv2.RANSAC, ransacReprojThreshold=1.0
    )
    return None if matrix is None else cast(F64, matrix)


def _refine(
    points: NDArray[np.intp],
    gradient: tuple[F32, F32],
    source: Still,
    target: Still,
    start: F64,
    freedom: int,
) -> F64 | None:
    """Gauss-Newton with Tukey weights; ``None`` when it has too little to hold on to."""
    h, w = source.grey.shape
    matrix = start.copy()
    if freedom == 2:
        # keep where the start takes the centre, and nothing else of it
        centre = np.array([w / 2, h / 2, 1.0])
        matrix = np.eye(3)
        matrix[:2, 2] = (start @ centre)[:2] - centre[:2]
    y, x = points[:, 0].astype(np.float64), points[:, 1].astype(np.float64)
    gx = gradient[0][points[:, 0], points[:, 1]].astype(np.float64)
    gy = gradient[1][points[:, 0], points[:, 1]].astype(np.float64)
    u, v = (x - w / 2) / w, (y - h / 2) / w
    one = np.ones_like(gx)
    steepest = {
        2: [gx, gy],
        4: [gx, gy, gx * u + gy * v, gy * u - gx * v],
        6: [gx, gy, gx * u, gx * v, gy * u, gy * v],
    }[freedom]
    here_all = source.grey[points[:, 0], points[:, 1]].astype(np.float64)
    columns = np.stack([*steepest, one, here_all - 128], axis=1)
    for _ in range(12):
        here, there, valid = _pairs(points, source, target, matrix)
        if valid.sum() < max(64, 0.15 * len(points)):
            return None
        residual = there.astype(np.float64) - here
        typical = 1.4826 * float(np.median(np.abs(residual[valid] - np.median(residual[valid]))))
        limit = max(4.0, 4.0 * typical)
        centred = (residual - np.median(residual[valid])) / limit
        weight = np.where(valid & (np.abs(centred) < 1), (1 - centred**2) ** 2, 0)
        weighted = columns * weight[:, None]
        # einsum, not BLAS: its threads would fight those of the pipeline over a few thousand rows
        normal = np.einsum("ni,nj->ij", weighted, columns)
        normal[np.diag_indices_from(normal)] *= 1 + 1e-6
        try:
            step = np.linalg.solve(normal, np.einsum("ni,n->i", weighted, residual))
        except np.linalg.LinAlgError:
            return None
        update = _as_matrix(step[:freedom], freedom, h, w)
        # inverse compositional: the step was found on the source's side, so it is undone there
        try:
            matrix = matrix @ inverse(update)
        except np.linalg.LinAlgError:
            return None
        if np.abs(step[:freedom]).max() < 5e-3:
            break
    return matrix


def _as_matrix(step: F64, freedom: int, h: int, w: int) -> F64:
    """[3,3] from a Gauss-Newton step whose linear part is written about the centre, in widths."""
    tx, ty = step[:2]
    if freedom == 2:
        a, b, c, d = 0.0, 0.0, 0.0, 0.0
    elif freedom == 4:
        a, b, c, d = step[2], -step[3], step[3], step[2]
    else:
        a, b, c, d = step[2:6]
    linear = np.array([[a, b], [c, d]]) / w
    centre = np.array([w / 2, h / 2])
    matrix = np.eye(3)
    matrix[:2, :2] += linear
    matrix[:2, 2] = np.array([tx, ty]) - linear @ centre
    return matrix
