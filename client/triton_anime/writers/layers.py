"""The layer files of one drawing, for every frame that shows it."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from triton_anime.drawing_layers import DrawingLayers
from triton_anime.layers import compose, recomposition_error
from triton_anime.writers.files import link_or_copy, write_bytes
from triton_anime.writers.jpeg import decode_jpeg, encode_jpeg
from triton_anime.writers.names import LAYERS, layer_path
from triton_anime.writers.png import encode_indexed, encode_rgba
from triton_anime.writers.records import Record, record_of

# The error of the layers as written is measured on every fourth row: a quarter of the cost, and the same
# number to two digits.
_ROW_STEP = 4


def write_layers(root: Path, layers: DrawingLayers) -> Record:
    """Encode the layers once, write them under the name of every frame of the drawing, and measure them.

    Returns:
        the record of the drawing, with the residual of the files as they are on disk.

    Raises:
        OSError: the disk is full or the folder cannot be written.
    """
    plate = encode_jpeg(layers.background)
    encoded: dict[str, bytes] = {
        "character": _png(layers.character, encode_rgba),
        "effects": _png(layers.effects, encode_rgba),
        "background": plate,
        "character_ids": _png(layers.identity, encode_indexed),
    }
    shot = layers.drawing.shot
    first, *held = (index for index, _ in layers.drawing.frames)
    for layer in LAYERS:
        source = root / layer_path(layer, shot, first)
        write_bytes(source, encoded[layer])
        for index in held:
            link_or_copy(source, root / layer_path(layer, shot, index))
    rows = slice(_ROW_STEP // 2 if layers.background.shape[0] > _ROW_STEP else 0, None, _ROW_STEP)
    recomposed = compose(decode_jpeg(plate)[rows], layers.character[rows], layers.effects[rows])
    psnr, mae = recomposition_error(layers.drawing.first.image[rows], recomposed)
    return record_of(layers, psnr, mae)


def _png(image: NDArray[np.uint8], encode: Callable[[NDArray[np.uint8]], bytes]) -> bytes:
    # Most frames have no effects and many nobody in them: one empty picture serves them all.
    return encode(image) if image.any() else _empty(image.shape, encode)


@lru_cache(maxsize=8)
def _empty(shape: tuple[int, ...], encode: Callable[[NDArray[np.uint8]], bytes]) -> bytes:
    return encode(np.zeros(shape, np.uint8))
