"""The looks of a shot's characters, gathered while its drawings pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime.cast.crops import LONG_SIDE, BestCrops, Crop, crop_of, light_of
from triton_anime.cast.descriptor import Look, describe
from triton_anime.drawing_layers import DrawingLayers
from triton_anime.errors import ModelError
from triton_anime.roles import EMBEDDINGS, Roles

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]
Embed = Callable[[Sequence[Crop]], F32 | None]
"""Crops → float32 [N,D], one row a crop; None where no network is served."""


def with_looks(drawings: Iterable[DrawingLayers], embed: Embed) -> Iterator[DrawingLayers]:
    """The drawings of one shot, the last of them with the looks of all its characters.

    Raises:
        ServerError: as ``embed`` says.
    """
    best = BestCrops()
    for layers in drawings:
        best.add(_crops(layers))
        yield replace(layers, looks=described(best.take(), embed)) if layers.drawing.is_shot_end else layers


def _crops(layers: DrawingLayers) -> Iterator[tuple[int, Crop]]:
    first = layers.drawing.first
    light = light_of(first.image) if layers.characters else None
    for view in layers.characters:
        assert light is not None
        crop = crop_of(layers.character, layers.identity, view, first.index, layers.mask_quality, light)
        if crop is not None:
            yield view.id, crop


def described(crops: Mapping[int, tuple[Crop, ...]], embed: Embed) -> dict[int, tuple[Look, ...]]:
    """Looks by character number; all crops are embedded in one request."""
    every = [crop for kept in crops.values() for crop in kept]
    embeddings = embed(every) if every else None
    rows = iter([None] * len(every) if embeddings is None else list(embeddings))
    return {number: tuple(describe(crop, next(rows)) for crop in kept) for number, kept in crops.items()}


def embedder(roles: Roles) -> Embed:
    """Embeddings by the role :data:`~triton_anime.roles.EMBEDDINGS`: the model ``embed_character``.

    It is asked for FRAME uint8 [N,224,224,3] (crops centred on black) and MASKS uint8 [N,224,224] (their
    alpha), and answers EMBEDDING float32 [N,D].

    Raises (from the returned function):
        ServerError: as :class:`triton_anime.server.Server` says; :class:`ModelError` where the answer has
            not one row for each crop.
    """

    def embed(crops: Sequence[Crop]) -> F32 | None:
        if not roles.has(EMBEDDINGS):
            return None
        squares = np.stack([_square(crop.rgba) for crop in crops])
        answer = roles.ask(EMBEDDINGS, {"FRAME": squares[..., :3], "MASKS": squares[..., 3]}, ["EMBEDDING"])()
        if answer is None:
            return None
        found = np.asarray(answer["EMBEDDING"], np.float32)
        if found.ndim != 2 or len(found) != len(crops):
            raise ModelError(
                f"embed_character answered {list(found.shape)} to {len(crops)} crops; it must be [N,D]"
            )
        return found

    return embed


def _square(rgba: U8) -> U8:
    """A crop as large as fits into the middle of a square, [224,224,4]."""
    h, w = rgba.shape[:2]
    scale = LONG_SIDE / max(h, w)
    size = (max(1, round(w * scale)), max(1, round(h * scale)))
    fitted = cv2.resize(rgba, size, interpolation=cv2.INTER_LINEAR if scale > 1 else cv2.INTER_AREA)
    square = np.zeros((LONG_SIDE, LONG_SIDE, 4), np.uint8)
    top, left = (LONG_SIDE - size[1]) // 2, (LONG_SIDE - size[0]) // 2
    square[top : top + size[1], left : left + size[0]] = fitted
    return square
