"""MODNet: an alpha matte without a trimap.

Ke et al., "MODNet: Real-Time Trimap-Free Portrait Matting via Objective Decomposition", AAAI 2022. The full
size has the key names of the official checkpoints; the lite size keeps the three branches on the encoder of
:mod:`panoptic_deeplab`, whose training it starts from.
"""

from __future__ import annotations

import torch
from torch import nn

from triton_anime_export.frame_io import Normalise, resize, to_float, to_uint8, working_size
from triton_anime_export.network import (
    Batching,
    Golden,
    Network,
    Precision,
    Published,
    Size,
    StateDict,
    Tensor,
    Tolerance,
    Weights,
)
from triton_anime_export.networks._golden_cases import pictures, under_core
from triton_anime_export.networks._mobilenetv2 import MobileNetV2
from triton_anime_export.networks._modnet_modules import (
    FusionBranch,
    HighResolutionBranch,
    LowResolutionBranch,
    Widths,
)
from triton_anime_export.networks._residual_encoder import ResidualEncoder

LONG_SIDE, MULTIPLE = 448, 32
FULL_LONG_SIDE = 512

LITE = Widths(squeeze=4, low16=96, low8=48, high=16, fuse=16, low_kernel=3)


class Wrapped(nn.Module):
    """The encoder one level down, as official keys have it (``backbone.model.*``)."""

    def __init__(self, model: MobileNetV2 | ResidualEncoder) -> None:
        super().__init__()
        self.model = model


class MODNet(nn.Module):
    """The network proper.

    Args:
        encoder: gives features at strides 2, 4, 8, 16, 32; the first two and the last are used.
        widths: of the branches.
    """

    def __init__(self, encoder: MobileNetV2 | ResidualEncoder, widths: Widths) -> None:
        super().__init__()
        self.backbone = Wrapped(encoder)
        self.lr_branch = LowResolutionBranch(encoder.widths[4], widths)
        self.hr_branch = HighResolutionBranch(encoder.widths[0], encoder.widths[1], widths)
        self.f_branch = FusionBranch(widths)

    def everything(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Image in -1..1 [B,3,h,w] -> logits: matte and detail [B,1,h,w], semantic [B,1,h/16,w/16]."""
        enc2, enc4, _, _, enc32 = self.backbone.model(image)
        low8 = self.lr_branch(enc32)
        high2 = self.hr_branch(image, enc2, enc4, low8)
        matte = self.f_branch(image, low8, high2)
        return matte, self.hr_branch.detail(image, high2), self.lr_branch.semantic(low8)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Image in -1..1 [B,3,h,w], sides multiples of 32 -> matte [B,1,h,w] in 0..1."""
        enc2, enc4, _, _, enc32 = self.backbone.model(image)
        low8 = self.lr_branch(enc32)
        return torch.sigmoid(self.f_branch(image, low8, self.hr_branch(image, enc2, enc4, low8)))


class Served(nn.Module):
    """Frames in, alpha at the same size out."""

    def __init__(self, core: MODNet, long_side: int = LONG_SIDE) -> None:
        super().__init__()
        self.core, self.long_side = core, long_side
        self.normalise = Normalise((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))

    def forward(self, frame: torch.Tensor) -> torch.Tensor:
        """FRAME uint8 [B,H,W,3] -> ALPHA uint8 [B,H,W]."""
        height, width = frame.shape[1], frame.shape[2]
        image = to_float(frame, working_size(height, width, self.long_side, MULTIPLE))
        return to_uint8(resize(self.core(self.normalise(image)), (height, width)))[:, 0]


def build(size: Size) -> Served:
    """``full`` has MobileNetV2 and the published widths; ``lite`` a residual encoder, narrow branches."""
    if size == "full":
        return Served(MODNet(MobileNetV2(), Widths()), FULL_LONG_SIDE)
    return Served(MODNet(ResidualEncoder(), LITE))


def adapt_official(state: StateDict) -> StateDict:
    """Strip DataParallel's prefix and the second name of the backbone, whose tensors win, as upstream."""
    plain = {key.removeprefix("module."): value for key, value in state.items()}
    alias = "lr_branch."
    aliased = {
        key.removeprefix(alias): value for key, value in plain.items() if key.startswith(f"{alias}backbone.")
    }
    return {key: value for key, value in plain.items() if not key.startswith(f"{alias}backbone.")} | aliased


class _Published(nn.Module):
    """What the golden vectors recorded: the matte and both training heads."""

    def __init__(self) -> None:
        super().__init__()
        self.core = MODNet(MobileNetV2(), Widths())

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        matte, detail, semantic = (torch.sigmoid(logit) for logit in self.core.everything(image))
        return matte, semantic, detail


NETWORK = Network(
    name="modnet",
    role="matting",
    summary="Gives the characters of a frame or a crop a soft alpha.",
    paper="Ke et al., MODNet: Real-Time Trimap-Free Portrait Matting via Objective Decomposition, AAAI 2022",
    inputs=(Tensor("FRAME", "uint8", ("height", "width", 3), "RGB"),),
    outputs=(Tensor("ALPHA", "uint8", ("height", "width"), "alpha * 255 of the characters"),),
    batching=Batching(max_batch=8),
    tolerance=Tolerance(atol=1.01),
    precision=Precision.INT8_WEIGHTS,
    build=build,
    example=({"height": 90, "width": 160}, {"height": 213, "width": 120}),
    official=(
        Weights(
            "https://drive.google.com/drive/folders/1umYmlCulvIFNaqPjwod1SayFmSRHziyR",
            "7c22235f0925deba15d4d63e53afcb654c47055bbcd98f56e393ab2584007ed8",
            "Apache-2.0",
            commercial=True,
            note="modnet_photographic_portrait_matting.ckpt, 26 MB",
        ),
    ),
    adapt_official=adapt_official,
    published=(Published("speed, GTX 1080 Ti", "67 frames/s", "Ke et al., AAAI 2022, abstract"),),
    golden=Golden(
        core=lambda shapes: _Published(),
        cases=pictures("matte", "semantic", "detail"),
        adapt=lambda state: under_core(adapt_official(state)),
    ),
    inside="long side to 448 (full: 512), sides to multiples of 32 (bilinear), values to -1..1; alpha back",
)
