"""What a character looks like, in colours: a small palette, where each colour sits, and how alike two are.

Figures of drawn animation are areas of few flat colours, so a palette says nearly all (median cut and its
kin; Deng et al., "An Efficient Color Representation for Image Retrieval", 2001). Three things of the field
make it comparable between shots:

* colours are compared as histograms in Lab with soft bins (Bhattacharyya's coefficient);
* light: night, dusk and fades multiply all colours of a shot alike (von Kries). Colours are first brightened
  to what the frame's white says; the likeness is then that under the best of a grid of gains upon one of the
  two, less what such a gain costs, as some pictures have no white and some people are drawn in no light;
* place: besides the whole, upper parts of three heights are compared, each with the most alike of the other,
  so that a whole figure fits one seen from the waist up. What is left and right does not count: figures
  turn round.

Ink lines are left out: they are the pen's, not the person's.
"""

from __future__ import annotations

import base64
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime.cast.crops import Crop, Light

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]

COLOURS, BANDS = 32, 6
"""Colours of a palette at most; rows of equal height, from the top, for which shares are kept."""

_SIDE = 96  # pixels of a crop's long side when it is described
_CELLS = 10  # cells of the cube of colours along each axis, before the rarer ones join the commoner
# Bins of L, a, b; a and b are drawn together towards grey, where eyes tell more, by c / (c + 25).
_L_BINS, _AB_BINS, _CHROMA_HALF, _CHROMA_MOST = 5, 7, 25.0, 0.8
# Logarithms of gains tried upon one of two looks, and what a unit of each costs.
_BRIGHTER, _WARMER = (0.0, 0.25, 0.5), (0.0, -0.1, 0.1, 0.2, 0.3)
_BRIGHTER_COST, _WARMER_COST = 0.05, 0.1
# The level that a frame's white is brought to, the largest gain for that, and how much larger that of one
# channel may be than that of all: a green wall is no green light.
_WHITE, _MOST, _MOST_TINT = 245.0, 3.0, 1.25
# Upper parts, in bands, that are compared besides the whole.
_UPPER = (1, 2, 3)


@dataclass(frozen=True)
class Look:
    """One described crop.

    Attributes:
        frame, box, score: as in :class:`~triton_anime.cast.crops.Crop`.
        colours: RGB uint8 [n,3] as in white light, the commonest first.
        places: uint8 [n,BANDS], square root of the share of each colour in each band · 255.
        embedding: float32 [D] of a network, length 1; None where none is served.
    """

    frame: int
    box: tuple[int, int, int, int]
    score: float
    colours: U8
    places: U8
    embedding: F32 | None = field(default=None)

    def as_json(self) -> dict[str, Any]:
        """The look in a record's line."""
        return {
            "frame": self.frame,
            "box": list(self.box),
            "score": self.score,
            "colours": _packed(self.colours),
            "places": _packed(self.places),
            "embedding": None if self.embedding is None else _packed(self.embedding.view(np.uint8)),
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Look:
        """The look that was written by :meth:`as_json`."""
        embedding = value["embedding"]
        x, y, w, h = value["box"]
        return cls(
            value["frame"],
            (x, y, w, h),
            value["score"],
            _unpacked(value["colours"]).reshape(-1, 3),
            _unpacked(value["places"]).reshape(-1, BANDS),
            None if embedding is None else _unpacked(embedding).view(np.float32),
        )

    @cached_property
    def under_gains(self) -> F32:
        """Square roots of histograms [gains, parts, bins] of the whole and its upper parts; first no gain."""
        shares = (self.places.astype(np.float32) / 255) ** 2
        parts = [shares.sum(axis=1)] + [shares[:, :rows].sum(axis=1) for rows in _UPPER]
        weights = np.stack(parts)
        weights /= np.maximum(weights.sum(axis=1, keepdims=True), 1e-6)
        rgb = self.colours.astype(np.float32) / 255
        lit = np.clip(rgb[None] * _GAINS[:, None, :], 0, 1)
        return np.sqrt(np.einsum("pc,gcb->gpb", weights, _soft_bins(lit)))


def describe(crop: Crop, embedding: F32 | None = None) -> Look:
    """The look of a crop; ``embedding`` is the network's float32 [D], where one is served."""
    rgb, alpha = _small(crop.rgba)
    weight = _weight(rgb, alpha)
    rgb = np.clip(rgb * _exposure(crop.light), 0, 1)
    rows = (np.arange(len(rgb)) * BANDS // len(rgb))[:, None].repeat(rgb.shape[1], axis=1)
    solid = weight > 0
    colours, places = _palette(rgb[solid], weight[solid], rows[solid])
    if embedding is not None:
        embedding = embedding.astype(np.float32)
        embedding = embedding / max(float(np.linalg.norm(embedding)), 1e-12)
    return Look(crop.frame, crop.box, crop.score, colours, places, embedding)


def likeness(look: Look, others: Sequence[Look]) -> F32:
    """How alike one look is to each of others, float32 [len(others)]: 1 for the same, less for others.

    Where all of them have embeddings of one length, the cosine of these; else by colours.
    """
    own = look.embedding
    if own is not None:
        theirs = [other.embedding for other in others]
        if all(one is not None and one.shape == own.shape for one in theirs):
            return np.minimum(np.stack([one for one in theirs if one is not None]) @ own, 1)
    mine = look.under_gains
    found = np.empty(len(others), np.float32)
    for index, other in enumerate(others):
        theirs_lit = other.under_gains
        found[index] = max(_best(mine, theirs_lit[0]), _best(theirs_lit, mine[0]))
    return found


def _exposure(light: Light) -> F32:
    """Gains of red, green, blue that bring a frame's white to white."""
    gains = np.clip(_WHITE / np.maximum(light, 1.0), 1.0, _MOST)
    common = gains.min()
    return np.asarray(common * np.clip(gains / common, 1.0, _MOST_TINT), np.float32)


def _best(lit: F32, plain: F32) -> float:
    """The best likeness of [gains,parts,bins] to [parts,bins], less the gains' costs."""
    alike = lit @ plain.T
    upper = alike[:, 1:, 1:]
    parts = 0.5 * (upper.max(axis=1).mean(axis=1) + upper.max(axis=2).mean(axis=1))
    return min(1.0, float((0.5 * (alike[:, 0, 0] + parts) - _COSTS).max()))


def _grid() -> tuple[F32, F32]:
    """(gains [n,3], what each costs [n])."""
    tried = list(itertools.product(_BRIGHTER, _WARMER))
    gains = [np.exp([bright + warm, bright, bright - warm]) for bright, warm in tried]
    costs = [_BRIGHTER_COST * abs(bright) + _WARMER_COST * abs(warm) for bright, warm in tried]
    return np.array(gains, np.float32), np.array(costs, np.float32)


_GAINS, _COSTS = _grid()


def _small(rgba: U8) -> tuple[F32, F32]:
    """(RGB [h,w,3], alpha [h,w]) in 0..1, long side :data:`_SIDE` at most."""
    h, w = rgba.shape[:2]
    premultiplied = rgba.astype(np.float32) / 255
    premultiplied[..., :3] *= premultiplied[..., 3:]
    scale = min(1.0, _SIDE / max(h, w))
    if scale < 1:
        size = (max(1, round(w * scale)), max(1, round(h * scale)))
        premultiplied = cv2.resize(premultiplied, size, interpolation=cv2.INTER_AREA)
    alpha = premultiplied[..., 3]
    rgb = np.clip(premultiplied[..., :3] / np.maximum(alpha[..., None], 1e-3), 0, 1)
    return rgb.astype(np.float32), alpha


def _weight(rgb: F32, alpha: F32) -> F32:
    """How much each pixel counts [h,w]: not where it is transparent, hardly on ink and on the rim."""
    inside = (alpha > 0.6).astype(np.float32)
    if not inside.any():
        inside = (alpha >= alpha.max()).astype(np.float32)
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY) * inside
    # A line is what is darker than all around it: closing fills it in.
    thin = cv2.morphologyEx(grey, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)) - grey
    core = cv2.erode(inside, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=1)
    weight = inside * (1 - np.clip((thin - 0.08) / 0.12, 0, 1)) * (0.3 + 0.7 * core)
    return np.asarray(weight if weight.sum() > 10 else inside, np.float32)


def _palette(rgb: F32, weight: F32, rows: NDArray[np.int_]) -> tuple[U8, U8]:
    """(colours, places) of a :class:`Look` from pixels [N,3], [N] and their bands [N]."""
    cell = np.minimum((rgb * _CELLS).astype(np.int64), _CELLS - 1) @ np.array([_CELLS**2, _CELLS, 1])
    _, cell = np.unique(cell, return_inverse=True)
    cell = cell.reshape(-1)
    colours = _means(rgb, weight, cell)
    common = np.argsort(-np.bincount(cell, weight), kind="stable")[:COLOURS]
    nearest = ((colours[:, None] - colours[common][None]) ** 2).sum(axis=2).argmin(axis=1)
    entry = nearest[cell]
    kept = _means(rgb, weight, entry)
    count = len(common)
    shares = np.bincount(entry * BANDS + rows, weight, count * BANDS).reshape(count, BANDS) / weight.sum()
    return np.rint(kept * 255).astype(np.uint8), np.rint(np.sqrt(shares) * 255).astype(np.uint8)


def _means(rgb: F32, weight: F32, group: NDArray[np.int_]) -> NDArray[np.float64]:
    total = np.maximum(np.bincount(group, weight), 1e-9)
    return np.stack([np.bincount(group, weight * rgb[:, c]) / total for c in range(3)], axis=1)


def _soft_bins(rgb: F32) -> F32:
    """Colours [G,n,3] in 0..1 → shares of the bins they fall into, [G,n,bins]."""
    gains, count, _ = rgb.shape
    lab = cv2.cvtColor(rgb.reshape(1, -1, 3), cv2.COLOR_RGB2LAB)[0]
    chroma = np.hypot(lab[:, 1], lab[:, 2])[:, None]
    drawn = lab[:, 1:] / (chroma + _CHROMA_HALF)
    place = np.concatenate(
        [
            np.clip(lab[:, :1] / 100, 0, 1) * (_L_BINS - 1),
            np.clip(drawn / _CHROMA_MOST / 2 + 0.5, 0, 1) * (_AB_BINS - 1),
        ],
        axis=1,
    )
    sizes = np.array([_L_BINS, _AB_BINS, _AB_BINS])
    low = np.minimum(place.astype(np.int64), sizes - 2)
    rest = place - low
    bins = np.zeros((gains * count, int(sizes.prod())), np.float32)
    each = np.arange(gains * count)
    for corner in itertools.product((0, 1), repeat=3):
        at = low + corner
        share = np.where(corner, rest, 1 - rest).prod(axis=1)
        bins[each, (at[:, 0] * _AB_BINS + at[:, 1]) * _AB_BINS + at[:, 2]] += share
    return bins.reshape(gains, count, -1)


def _packed(values: NDArray[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode("ascii")


def _unpacked(text: str) -> U8:
    return np.frombuffer(base64.b64decode(text), np.uint8)
