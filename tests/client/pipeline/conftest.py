"""Colour keys in place of networks: what remains is the pipeline's own work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime.drawing_layers import DrawingLayers
from triton_anime.drawings import Drawing
from triton_anime.pipeline import Pipeline
from triton_anime.server import FakeServer
from triton_anime.settings import Settings
from triton_anime.video import Frame

U8 = NDArray[np.uint8]
Tensors = dict[str, NDArray[Any]]
Network = Callable[[Tensors], Tensors]


class Keys:
    """Networks that know the synthetic character by its colours, and nothing else."""

    @staticmethod
    def disc(frame: U8) -> U8:
        """The character's two colours, keyed."""
        pixels = frame.astype(np.int16)
        keys = [np.abs(pixels - colour).max(axis=2) < 30 for colour in ((225, 60, 70), (250, 205, 170))]
        mask = (keys[0] | keys[1]).astype(np.uint8)
        mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
        return cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)) * np.uint8(255)

    def segment(self, inputs: Tensors) -> Tensors:
        mask = self.disc(inputs["FRAME"])
        effect = np.zeros_like(mask)
        found = [cv2.boundingRect(mask)] if mask.any() else []
        return {
            "INSTANCES": (mask > 0).astype(np.uint8),
            "SCORES": np.ones(len(found), np.float32),
            "BOXES": np.array(found, np.int32).reshape(-1, 4),
            "PROBABILITY": np.stack([255 - mask, mask, effect, effect]),
        }

    def refine(self, inputs: Tensors) -> Tensors:
        alpha = cv2.GaussianBlur(self.disc(inputs["FRAME"]), (3, 3), 0)
        return {"ALPHA": alpha, "AGREEMENT": np.array([0.9], np.float32)}

    @staticmethod
    def still(inputs: Tensors) -> Tensors:
        zeros = np.zeros((*inputs["FRAME0"].shape[:2], 2), np.float32)
        return {"FORWARD": zeros, "BACKWARD": zeros}

    @staticmethod
    def no_effects(inputs: Tensors) -> Tensors:
        nothing = np.zeros(len(inputs["PROMPTS"]), np.float32)
        empty = np.zeros(inputs["FRAME"].shape[:2], np.uint8)
        return {"ALPHA": empty, "INTENSITY": nothing, "COVERAGE": nothing}

    @staticmethod
    def inpaint(inputs: Tensors) -> Tensors:
        return {"PLATE": cv2.inpaint(inputs["FRAME"], inputs["MASK"], 3, cv2.INPAINT_TELEA)}

    def networks(self, **others: Network) -> dict[str, Network]:
        """All models that a pipeline asks, or others in their place."""
        return {
            "segment_frame": self.segment,
            "refine_character": self.refine,
            "separate_effects": self.no_effects,
            "estimate_flow": self.still,
            "inpaint_background": self.inpaint,
            **others,
        }

    def server(self, **others: Network) -> FakeServer:
        """A server of :meth:`networks`."""
        return FakeServer(self.networks(**others))


@pytest.fixture(scope="session")
def keys() -> Keys:
    return Keys()


def drawings_of(*shots: list[U8]) -> Iterator[Drawing]:
    index = 0
    for number, frames in enumerate(shots):
        for position, image in enumerate(frames):
            moment = Fraction(index, 12)
            yield Drawing(
                shot=number,
                first=Frame(index, moment, image),
                frames=((index, moment),),
                is_shot_start=position == 0,
                is_shot_end=position == len(frames) - 1,
            )
            index += 1


@pytest.fixture(scope="session")
def drawings() -> Callable[..., Iterator[Drawing]]:
    """``drawings(*shots)`` gives the frames of each shot, every one a drawing of its own."""
    return drawings_of


@pytest.fixture(scope="session")
def run() -> Callable[..., list[DrawingLayers]]:
    """``run(server, *shots, **settings)`` takes the frames of the shots apart."""

    def layers_of(server: FakeServer, *shots: list[U8], **settings: Any) -> list[DrawingLayers]:
        return list(Pipeline(server, Settings(**settings)).run(drawings_of(*shots)))

    return layers_of


@pytest.fixture(scope="session")
def iou() -> Callable[[U8, U8], float]:
    """Intersection over union of two alphas, cut at one half."""

    def share(alpha: U8, truth: U8) -> float:
        a, b = alpha > 127, truth > 127
        return float((a & b).sum() / max(1, (a | b).sum()))

    return share


STRIPES = np.where(np.arange(1000) % 16 < 8, 60, 180).astype(np.uint8)


def striped(inputs: Tensors) -> Tensors:
    stripes = np.broadcast_to(STRIPES[: inputs["FRAMES"].shape[2], None], inputs["FRAMES"].shape)
    return {"PLATES": np.where(inputs["MASKS"][..., None] > 0, stripes, inputs["FRAMES"])}


@pytest.fixture(scope="session")
def video_networks() -> dict[str, Network]:
    """Networks that fill the holes of many frames at once, here with upright stripes 8 pixels wide."""
    return dict.fromkeys(("sttn", "e2fgvi_hq", "inpaint_video"), striped)
