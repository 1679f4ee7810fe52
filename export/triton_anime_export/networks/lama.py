"""LaMa: what would be behind a hole of any size (Suvorov et al., WACV 2022)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import torch
from numpy.typing import NDArray
from torch import nn

from triton_anime_export.frame_io import resize, to_float, to_uint8, working_size
from triton_anime_export.network import (
    Batching,
    Golden,
    GoldenCase,
    Network,
    Size,
    StateDict,
    Tensor,
    Tolerance,
    Weights,
)
from triton_anime_export.networks._golden_cases import under_core
from triton_anime_export.networks._lama_modules import FULL, LITE, LamaGenerator, LamaSize, complete

LONG_SIDE: dict[Size, int] = {"lite": 448, "full": 512}
MULTIPLE = 32
SIZES: dict[Size, LamaSize] = {"lite": LITE, "full": FULL}


class ServedLama(nn.Module):
    """Frame and hole of any size in, the frame with its hole filled out."""

    def __init__(self, size: LamaSize, long_side: int) -> None:
        super().__init__()
        self.core = LamaGenerator(size)
        self.long_side = long_side

    def forward(self, frame: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Fill the hole.

        Args:
            frame: uint8 [B,H,W,3], RGB.
            mask: uint8 [B,H,W], above zero inside the hole.

        Returns:
            uint8 [B,H,W,3]; outside the hole the very bytes of ``frame``.
        """
        height, width = frame.shape[1], frame.shape[2]
        grid = _as_symbols(working_size(height, width, self.long_side, MULTIPLE))
        inside = (mask > 0).unsqueeze(1).float()
        # A cell of the network's grid that the hole touches at all holds colours of what is to be removed.
        hole = (resize(inside, grid) > 0.0).float()
        filled = resize(complete(self.core, to_float(frame, grid), hole), (height, width))
        drawn = to_uint8(filled).permute(0, 2, 3, 1)
        return torch.where((mask > 0).unsqueeze(-1), drawn, frame)


def _as_symbols(grid: tuple[int, int]) -> tuple[int, int]:
    """The same sizes; while exporting, as two plain unknowns instead of a formula of the frame's sides.

    Shapes of several hundred nodes are derived from these two, and simplifying the formula anew for each of
    them takes minutes.
    """
    if not torch.compiler.is_exporting():
        return grid
    cells: list[Any] = [torch.scalar_tensor(side // MULTIPLE, dtype=torch.int64).item() for side in grid]
    for count in cells:
        torch._check(count >= 1)  # type: ignore[no-untyped-call]
        torch._check(count <= 1024)  # type: ignore[no-untyped-call]
    return cells[0] * MULTIPLE, cells[1] * MULTIPLE


def build(size: Size) -> ServedLama:
    """The served module of a size with fresh weights."""
    return ServedLama(SIZES[size], LONG_SIDE[size])


def adapt_official(state: StateDict) -> StateDict:
    """The generator's part of ``best.ckpt``, whose keys begin with ``generator.``."""
    state = cast("StateDict", state.get("state_dict", state))
    prefix = "generator."
    return {
        key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)
    } or state


class _Published(nn.Module):
    """The generator with the official pre- and post-processing, at the given size."""

    def __init__(self) -> None:
        super().__init__()
        self.core = LamaGenerator(FULL)

    def forward(self, image: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        predicted = complete(self.core, image, mask)
        return predicted, mask * predicted + (1.0 - mask) * image


def _cases(archive: Mapping[str, NDArray[Any]]) -> Sequence[GoldenCase]:
    return [
        GoldenCase(
            "x".join(map(str, archive[f"{case}_image"].shape[2:])),
            {name: archive[f"{case}_{name}"] for name in ("image", "mask")},
            {name: archive[f"{case}_{name}"] for name in ("predicted", "inpainted")},
        )
        for case in ("a", "b")
    ]


def _example(batch: int, lengths: Mapping[str, int]) -> dict[str, torch.Tensor]:
    """Hard-edged blotches with a hole in a third of them: were all hidden, the frame would not count."""
    generator = torch.Generator().manual_seed(batch)
    size = (lengths["height"], lengths["width"])
    colours = resize(torch.rand(batch, 3, 12, 12, generator=generator), size).permute(0, 2, 3, 1)
    hidden = (
        torch.nn.functional.interpolate(torch.rand(batch, 1, 7, 7, generator=generator), size)[:, 0] > 0.67
    )
    return {
        "FRAME": (colours * 255).to(torch.uint8).contiguous(),
        "MASK": hidden.to(torch.uint8) * 255,
    }


NETWORK = Network(
    name="lama",
    role="image inpainting",
    summary="Fills what characters and effects cover with what the background may look like there.",
    paper="Suvorov et al., Resolution-robust Large Mask Inpainting with Fourier Convolutions, WACV 2022",
    inputs=(
        Tensor("FRAME", "uint8", ("height", "width", 3), "RGB"),
        Tensor("MASK", "uint8", ("height", "width"), "above 0 inside the hole"),
    ),
    outputs=(
        Tensor(
            "PLATE",
            "uint8",
            ("height", "width", 3),
            "RGB with the hole filled; outside the hole the bytes of FRAME",
        ),
    ),
    batching=Batching(4),
    # Grey levels; rounding turns the last bit of a float into one of them.
    tolerance=Tolerance(atol=1.0, outliers=1e-4),
    build=build,
    example=({"height": 144, "width": 256}, {"height": 240, "width": 136}),
    example_inputs=_example,
    official=(
        Weights(
            "https://huggingface.co/smartywu/big-lama/resolve/main/big-lama.zip",
            None,
            "Apache-2.0",
            True,
            "big-lama/models/best.ckpt inside the archive",
        ),
    ),
    adapt_official=adapt_official,
    golden=Golden(lambda keys: _Published(), _cases, under_core, tolerance=1e-4),
    inside=(
        "bilinear to a long side of 448 (lite) or 512 (full), sides multiples of 32; "
        "every cell that the hole touches is hidden; composited at the sent resolution"
    ),
)
