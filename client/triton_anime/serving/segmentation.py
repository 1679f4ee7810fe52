"""Stage 1 inside the server: which segmentation network is asked, and what its answer means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime import class_roles
from triton_anime.class_roles import ClassRoles
from triton_anime.decompose import working_frame
from triton_anime.errors import InputError
from triton_anime.letterbox import Letterbox
from triton_anime.panoptic import Panoptic, group, kept_segments, panoptic
from triton_anime.serving.calls import AbsentError, Caller, FailedError, NotServedError, RefusedError, listed

U8 = NDArray[np.uint8]

MASK2FORMER, PANOPTIC_DEEPLAB = "mask2former", "panoptic_deeplab"
NETWORKS = (MASK2FORMER, PANOPTIC_DEEPLAB)

FRAMES: Mapping[str, tuple[int, int]] = {
    "mask2former_wide": (768, 1344),
    "mask2former_standard": (800, 1088),
    "mask2former_tall": (1344, 768),
}
"""Height and width of the frames that each shape of Mask2Former takes: sizes are baked into its graphs."""

CALLS = (*FRAMES, PANOPTIC_DEEPLAB)
"""Models that :func:`segment` may ask."""

_CELL = 4
"""Pixels of a frame in one cell of Mask2Former's masks, along a side."""

_ROLE = "role panoptic segmentation"


@dataclass(frozen=True)
class Options:
    """What a model's configuration and a request choose.

    Attributes:
        networks: of ``NETWORKS``, in the order in which they are tried.
        roles: class -> role, for networks that know classes of their own.
        least_score: of a Mask2Former query that may claim pixels (official: 0.8).
        overlap: share of its claim that a query must win (official: 0.8).
    """

    networks: tuple[str, ...] = NETWORKS
    roles: ClassRoles = field(default_factory=lambda: class_roles.read(class_roles.USUAL))
    least_score: float = 0.8
    overlap: float = 0.8

    def __post_init__(self) -> None:
        unknown = [name for name in self.networks if name not in NETWORKS]
        if unknown or not self.networks:
            asked = ", ".join(self.networks) or "none"
            raise InputError(f"NETWORKS names {asked}; name one or more of {', '.join(NETWORKS)}")
        if not (0 <= self.least_score <= 1 and 0 <= self.overlap <= 1):
            raise InputError("least_score and overlap are shares; give numbers from 0 to 1")

    @classmethod
    def read(cls, parameters: Mapping[str, str]) -> Options:
        """Options of a configuration: ``segmentation``, ``class_roles``, ``least_score``, ``overlap``.

        Raises:
            InputError: a value cannot be used.
        """
        usual = cls()
        networks = listed(parameters.get("segmentation", ""))
        file = parameters.get("class_roles", "")
        try:
            least = float(parameters.get("least_score", usual.least_score))
            overlap = float(parameters.get("overlap", usual.overlap))
        except ValueError as error:
            raise InputError(
                f"least_score and overlap are shares; give numbers from 0 to 1 ({error})"
            ) from error
        return cls(
            networks or usual.networks,
            class_roles.read(Path(file)) if file else usual.roles,
            least,
            overlap,
        )

    def of_request(self, networks: tuple[str, ...] | None, roles: tuple[str, ...] | None) -> Options:
        """These options with what a request says otherwise.

        Raises:
            InputError: it names a network, a class or a role that there is not.
        """
        return Options(
            self.networks if networks is None else networks,
            self.roles if roles is None else class_roles.parse(roles),
            self.least_score,
            self.overlap,
        )


@dataclass(frozen=True)
class Segmented:
    """What a network said about a frame, on its own grids.

    Attributes:
        probabilities: [4,any,any] uint8 class probabilities · 255.
        instances: [h,w] uint8 character of each cell of a grid as fine or coarser, 0 none.
        mend: whether instances were grouped pixel by pixel and want mending.
    """

    probabilities: U8
    instances: U8
    mend: bool

    def at(self, height: int, width: int) -> Panoptic:
        """Classes and characters at the frame's size."""
        return panoptic(self.probabilities, self.instances, height, width, mend=self.mend)


async def segment(caller: Caller, frame: U8, options: Options) -> Segmented:
    """Ask the first of the networks that is served.

    Args:
        caller: reaches the networks.
        frame: uint8 [H,W,3] RGB.
        options: which networks, and what their classes mean.

    Raises:
        NotServedError: none of them is served.
        RefusedError: one is, and failed.
    """
    try:
        for name in options.networks:
            shape = _served(caller, frame, name)
            if shape in FRAMES:
                return await _mask2former(caller, shape, frame, options)
            if shape:
                return await _panoptic_deeplab(caller, frame)
    except AbsentError as error:
        raise NotServedError(f"{_ROLE} is not served: {error}") from error
    except FailedError as error:
        raise RefusedError(f"{_ROLE} failed: {error}") from error
    raise NotServedError(f"{_ROLE} is not served: no model of {', '.join(options.networks)} is ready")


def _served(caller: Caller, frame: U8, network: str) -> str:
    """The model to ask of a network, empty where none is served; of shapes the one that shows most."""
    if network != MASK2FORMER:
        return network if caller.serves(network) else ""

    def shown(name: str) -> int:
        height, width = _box(name, frame).inside
        return -height * width

    return next((name for name in sorted(FRAMES, key=shown) if caller.serves(name)), "")


def _box(name: str, frame: U8) -> Letterbox:
    return Letterbox(frame.shape[0], frame.shape[1], *FRAMES[name])


async def _panoptic_deeplab(caller: Caller, frame: U8) -> Segmented:
    # The graph only picks pixels: a large frame is shrunk by area first.
    working = working_frame(frame)
    answer = await caller.ask(PANOPTIC_DEEPLAB, {"FRAME": working[None]}, ("SEMANTIC", "CENTER", "OFFSET"))
    probabilities, centres, offsets = (answer[name][0] for name in ("SEMANTIC", "CENTER", "OFFSET"))
    return Segmented(probabilities, group(probabilities, centres, offsets), mend=True)


async def _mask2former(caller: Caller, name: str, frame: U8, options: Options) -> Segmented:
    box = _box(name, frame)
    inputs: dict[str, NDArray[Any]] = {
        "FRAME": box.put(frame)[None],
        "ROLES": class_roles.matrix(options.roles)[None],
        "THRESHOLD": np.full((1, 1), options.least_score, np.float32),
    }
    outputs = ("PROBABILITY", "SEGMENTS", "LABELS", "AREAS")
    answer = await caller.ask(name, inputs, outputs)
    probability, segments, labels, areas = (answer[output][0] for output in outputs)
    instances = kept_segments(segments, labels, areas, class_roles.vector(options.roles), options.overlap)
    height, width = (max(1, round(side / _CELL)) for side in box.inside)
    probabilities = np.stack([_out(box, channel, height, width, cv2.INTER_LINEAR) for channel in probability])
    cells = _out(box, instances, height, width, cv2.INTER_NEAREST)
    return Segmented(probabilities, cells, mend=False)


def _out(box: Letterbox, cells: U8, height: int, width: int, way: int) -> U8:
    """The part of a map of the letterboxed frame that shows the picture, uint8 [height,width]."""
    h, w = box.inside
    down, right = h / _CELL / height, w / _CELL / width
    # pixel centres on pixel centres
    affine = np.array([[right, 0, right / 2 - 0.5], [0, down, down / 2 - 0.5]])
    flags = way | cv2.WARP_INVERSE_MAP
    out: U8 = cv2.warpAffine(cells, affine, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return out
