"""How the pieces of a figure turn and bend from one drawing to another, told by their outlines.

A part is drawn by the same strokes in every drawing, so points of its outline are the same points of the
thing. What lies between them follows a polynomial through them, of as low a degree as fits.
"""

from __future__ import annotations

import numpy as np
import skia
from numpy.typing import NDArray

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

_STEPS = (0.25, 0.5, 0.75, 1.0)
_TERMS = (3, 6, 10)
"""Coefficients of polynomials of the first, second and third degree."""
_SPARE = 2
"""Points for each coefficient, at least: fewer would be met by anything."""


def outline_points(path: skia.Path, matrix: skia.Matrix) -> F32:
    """Points on an outline [N,2] after a transform; their number depends on the strokes alone."""
    moved = skia.Path(path)
    moved.transform(matrix)
    points: list[F64] = []
    for verb, corners in moved:
        at = np.array([(corner.x(), corner.y()) for corner in corners], np.float64)
        if verb == skia.Path.Verb.kLine_Verb:
            points += [at[0] + (at[1] - at[0]) * share for share in _STEPS]
        elif verb in (skia.Path.Verb.kQuad_Verb, skia.Path.Verb.kConic_Verb):
            # A circle's pieces are taken for parabolas: the same error in both drawings.
            points += [(1 - s) ** 2 * at[0] + 2 * s * (1 - s) * at[1] + s**2 * at[2] for s in _STEPS]
        elif verb == skia.Path.Verb.kCubic_Verb:
            points += [
                (1 - s) ** 3 * at[0]
                + 3 * s * (1 - s) ** 2 * at[1]
                + 3 * s**2 * (1 - s) * at[2]
                + s**3 * at[3]
                for s in _STEPS
            ]
    return np.array(points, np.float32).reshape(-1, 2)


def bend(outline: F32, aim: F32, points: F64, tolerance: float) -> F64 | None:
    """Where points [3,N] (x, y, 1) inside an outline lie once it has become another one.

    Args:
        outline: [K,2], in one drawing.
        aim: [K,2], the same points of the thing in the other drawing.
        points: of the first drawing, inside the outline.
        tolerance: pixels by which no point of the outline may be missed.

    Returns:
        [3,N], or None where the strokes differ, are folded over, or move in no simple way.
    """
    if len(outline) != len(aim) or not len(outline):
        return None
    middle = outline.mean(axis=0, dtype=np.float64)
    spread = float(np.abs(outline - middle).max())
    if spread < 0.5:
        return None
    ours = np.asarray((outline - middle) / spread, np.float64)
    for terms in _TERMS:
        if len(outline) < _SPARE * terms:
            return None
        basis = _basis(ours, terms)
        found, *_ = np.linalg.lstsq(basis, aim.astype(np.float64), rcond=None)
        if np.abs(basis @ found - aim).max() > tolerance:
            continue
        inside = (points[:2].T - middle) / spread
        turned = _folding(found, inside, terms)
        if (turned <= 0).any():
            return None
        moved = _basis(inside, terms) @ found
        return np.vstack([moved.T, np.ones(len(moved))])
    return None


def _basis(points: F64, terms: int) -> F64:
    x, y = points.T
    columns = [np.ones_like(x), x, y, x * x, x * y, y * y, x**3, x * x * y, x * y * y, y**3]
    return np.stack(columns[:terms], axis=1)


def _folding(found: F64, points: F64, terms: int) -> F64:
    """Determinant of the map's derivative [N]: not above 0 where it turns the part inside out."""
    x, y = points.T
    zero, one = np.zeros_like(x), np.ones_like(x)
    across = [zero, one, zero, 2 * x, y, zero, 3 * x * x, 2 * x * y, y * y, zero]
    down = [zero, zero, one, zero, x, 2 * y, zero, x * x, 2 * x * y, 3 * y * y]
    dx, dy = (np.stack(part[:terms], axis=1) @ found for part in (across, down))
    return np.asarray(dx[:, 0] * dy[:, 1] - dx[:, 1] * dy[:, 0])
