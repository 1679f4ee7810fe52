"""CLIPSeg: masks of whatever a sentence names.

Lüddecke & Ecker, "Image Segmentation Using Text and Image Prompts", CVPR 2022; official checkpoint
``CIDAS/clipseg-rd64-refined`` (Apache-2.0), whose keys are used as they are. The text half is
``_clipseg_text_modules.py``.

The small size keeps the architecture: a ViT tower whose intermediate activations are tapped, modulation by
the sentence (FiLM), a light transformer decoder, transposed convolutions back to pixels. It departs in two
places, because it is trained from nothing: a convolutional stem in place of the patch embedding (Xiao et
al., "Early Convolutions Help Transformers See Better", NeurIPS 2021), and features of that stem, fused with
the tower's and modulated by the same sentence, that reach the head so that sparks keep their edges.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from triton_anime_export.frame_io import Normalise
from triton_anime_export.networks._clip_layers import Encoder, Layer

MEAN = (0.48145466, 0.4578275, 0.40821073)
"""CLIP's channel means, of RGB in 0..1."""
STD = (0.26862954, 0.26130258, 0.27577711)
"""CLIP's channel deviations."""


@dataclass(frozen=True)
class ClipsegSize:
    """Size of the image half.

    Attributes:
        image: side of the square that the frame is squashed to.
        patch: pixels of one token's side.
        width, heads, hidden, depth: of the image tower.
        taps: layers whose activations feed the decoder, shallow to deep.
        condition: width of the sentence embedding.
        reduced, decoder_heads, decoder_hidden: of the decoder.
        stem: channels of the stride-2 convolutions that replace the patch embedding; empty: the official one.
        head: channels of the head at 1/4 of the square and of its details at full size; small size only.
    """

    image: int = 352
    patch: int = 16
    width: int = 768
    heads: int = 12
    hidden: int = 3072
    depth: int = 12
    taps: tuple[int, ...] = (3, 6, 9)
    condition: int = 512
    reduced: int = 64
    decoder_heads: int = 4
    decoder_hidden: int = 2048
    stem: tuple[int, ...] = ()
    head: tuple[int, int] = (0, 0)


FULL = ClipsegSize()
LITE = ClipsegSize(
    image=256,
    width=128,
    heads=4,
    hidden=512,
    depth=6,
    taps=(1, 3, 5),
    condition=64,
    decoder_heads=2,
    decoder_hidden=192,
    stem=(24, 48, 96),
    head=(24, 8),
)


class ConvStem(nn.Module):
    """Stride-2 convolutions down to one cell per token, with batch normalisation."""

    def __init__(self, channels: tuple[int, ...], width: int) -> None:
        super().__init__()
        self.stages = nn.ModuleList()
        source = 3
        for target in channels:
            self.stages.append(
                nn.Sequential(
                    nn.Conv2d(source, target, 3, 2, 1, bias=False),
                    nn.BatchNorm2d(target),
                    nn.ReLU(inplace=True),
                )
            )
            source = target
        self.project = nn.Conv2d(source, width, 3, 2, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Map [B,3,S,S] to tokens on a grid [B,D,S/16,S/16] and the features at 1/2, 1/4 and 1/8."""
        features = []
        for stage in self.stages:
            x = stage(x)
            features.append(x)
        return self.project(x), features


class VisionEmbeddings(nn.Module):
    """Tokens of the picture behind a class token, each with its learnt position."""

    def __init__(self, size: ClipsegSize) -> None:
        super().__init__()
        self.class_embedding = nn.Parameter(torch.zeros(size.width))
        if size.stem:
            self.stem = ConvStem(size.stem, size.width)
        else:
            self.patch_embedding = nn.Conv2d(3, size.width, size.patch, size.patch, bias=False)
        self.position_embedding = nn.Embedding((size.image // size.patch) ** 2 + 1, size.width)

    def forward(self, pixels: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Map normalised pixels [B,3,S,S] to [B,1+N,D] and the stem's features (none without a stem)."""
        grid, features = self.stem(pixels) if hasattr(self, "stem") else (self.patch_embedding(pixels), [])
        tokens = grid.flatten(2).transpose(1, 2)
        first = self.class_embedding.to(tokens.dtype).expand(tokens.shape[0], 1, -1)
        return torch.cat([first, tokens], dim=1) + self._positions(grid.shape[2]), features

    def _positions(self, side: int) -> Tensor:
        """Positions of a grid of ``side`` x ``side``: the learnt ones, interpolated for a smaller square."""
        table = self.position_embedding.weight
        learnt = round((table.shape[0] - 1) ** 0.5)
        if side == learnt:
            return table
        square = table[1:].reshape(1, learnt, learnt, -1).permute(0, 3, 1, 2)
        smaller = F.interpolate(square, size=(side, side), mode="bilinear", align_corners=False)
        return torch.cat([table[:1], smaller[0].flatten(1).transpose(0, 1)])


class VisionModel(nn.Module):
    """CLIP's image tower up to the deepest tap (``pre_layrnorm`` is spelt as in the checkpoint)."""

    def __init__(self, size: ClipsegSize) -> None:
        super().__init__()
        self.taps = size.taps
        self.embeddings = VisionEmbeddings(size)
        self.pre_layrnorm = nn.LayerNorm(size.width)
        # Layers above the deepest tap and the final normalisation do not reach the masks.
        self.encoder = Encoder(size.width, size.heads, size.hidden, max(size.taps) + 1)

    def forward(self, pixels: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Map normalised pixels [B,3,S,S] to the tapped activations [B,1+N,D] and the stem's features."""
        tokens, features = self.embeddings(pixels)
        _, kept = self.encoder(self.pre_layrnorm(tokens), taps=self.taps)
        return kept, features


class Fusion(nn.Module):
    """The stem's features with what the tower understood, once a picture: [B,F,S/4,S/4]."""

    def __init__(self, size: ClipsegSize) -> None:
        super().__init__()
        wide, channels = size.stem[2] * 2 // 3, size.stem[1]
        self.tower = nn.Conv2d(size.width, wide, 1)
        self.eighth = nn.Conv2d(size.stem[2], wide, 1)
        self.conv8 = nn.Sequential(
            nn.Conv2d(wide, wide, 3, padding=1, bias=False), nn.BatchNorm2d(wide), nn.ReLU()
        )
        self.quarter = nn.Conv2d(size.stem[1], wide, 1)
        self.conv4 = nn.Sequential(
            nn.Conv2d(wide, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels), nn.ReLU()
        )

    def forward(self, tap: Tensor, features: list[Tensor]) -> Tensor:
        """Join the deepest tap [B,1+N,D] and the stem's features at 1/2, 1/4 and 1/8."""
        side = round((tap.shape[1] - 1) ** 0.5)
        grid = tap[:, 1:].transpose(1, 2).reshape(-1, tap.shape[2], side, side)
        x = self.conv8(_double(self.tower(grid)) + self.eighth(features[2]))
        return cast("Tensor", self.conv4(_double(x) + self.quarter(features[1])))


def _double(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


class SkipHead(nn.Module):
    """Head of the small size: up to 1/4 for each sentence, details from features that all sentences share.

    A sentence modulates the fused features at 1/4. At full resolution it only chooses among a few shared maps
    (a product of matrices), and a gate drawn at 1/4 says where these count: many sentences cost little.
    """

    def __init__(self, size: ClipsegSize) -> None:
        super().__init__()
        quarter, fine = size.head
        self.fusion = Fusion(size)
        self.refine = nn.Conv2d(size.reduced, size.reduced, 3, padding=1)
        self.up4 = nn.ConvTranspose2d(size.reduced, quarter, 4, stride=4)
        self.skip4 = nn.Conv2d(size.stem[1], quarter, 1)
        self.film4 = nn.Linear(size.condition, quarter * 2)
        self.conv4 = nn.Conv2d(quarter, quarter, 3, padding=1)
        self.coarse = nn.Conv2d(quarter, 2, 3, padding=1)
        self.details = nn.Sequential(
            nn.Conv2d(size.stem[0], fine * 2, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(fine * 2, fine * 4, 1),
            nn.PixelShuffle(2),
        )
        self.choose = nn.Linear(size.condition, fine)

    def forward(self, grid: Tensor, fused: Tensor, fine: Tensor, condition: Tensor) -> Tensor:
        """Map [B*P,R,n,n] to logits [B*P,S,S].

        Args:
            grid: decoder tokens of each sentence.
            fused: from ``fusion``, one for all sentences of a picture.
            fine: stem features at 1/2, likewise.
            condition: [B,P,C].
        """
        prompts = condition.shape[1]
        skip = self.skip4(fused)
        channels, height, width = skip.shape[1:]
        skip = skip[:, None].expand(-1, prompts, -1, -1, -1).reshape(-1, channels, height, width)
        scale, shift = self.film4(condition).reshape(-1, 2 * channels, 1, 1).chunk(2, dim=1)
        y = self.up4(torch.relu(self.refine(grid)))
        y = torch.relu(y + skip * (1.0 + scale) + shift)
        coarse = F.interpolate(
            self.coarse(torch.relu(self.conv4(y))), scale_factor=4.0, mode="bilinear", align_corners=False
        )
        maps = self.details(fine)
        details = torch.matmul(self.choose(condition), maps.flatten(2)).reshape(
            -1, maps.shape[2], maps.shape[3]
        )
        return coarse[:, 0] + coarse[:, 1] * details


class Decoder(nn.Module):
    """CLIPSeg's decoder: taps from deep to shallow, the sentence enters at the deepest."""

    def __init__(self, size: ClipsegSize) -> None:
        super().__init__()
        reduced = size.reduced
        self.film_mul = nn.Linear(size.condition, reduced)
        self.film_add = nn.Linear(size.condition, reduced)
        self.reduces = nn.ModuleList([nn.Linear(size.width, reduced) for _ in size.taps])
        self.layers = nn.ModuleList(
            [Layer(reduced, size.decoder_heads, size.decoder_hidden, decoder=True) for _ in size.taps]
        )
        self.transposed_convolution: nn.Module
        if size.stem:
            self.transposed_convolution = SkipHead(size)
        else:
            step = size.patch // 4
            self.transposed_convolution = nn.Sequential(
                nn.Conv2d(reduced, reduced, 3, padding=1),
                nn.ReLU(),
                nn.ConvTranspose2d(reduced, reduced // 2, step, stride=step),
                nn.ReLU(),
                nn.ConvTranspose2d(reduced // 2, 1, step, stride=step),
            )

    def forward(self, taps: list[Tensor], features: list[Tensor], condition: Tensor) -> Tensor:
        """Decode all prompts of all pictures at once.

        Args:
            taps: image activations [B,1+N,D], shallow to deep.
            features: the stem's features, empty without a stem.
            condition: [B,P,C].

        Returns:
            Logits [B*P,S,S].
        """
        prompts = condition.shape[1]
        x: Tensor | None = None
        for index, (tap, layer, reduce) in enumerate(zip(taps[::-1], self.layers, self.reduces, strict=True)):
            reduced = reduce(tap)[:, None]
            if index == 0:
                scale, shift = self.film_mul(condition), self.film_add(condition)
                reduced = scale[:, :, None] * reduced + shift[:, :, None]
            else:
                reduced = reduced.expand(-1, prompts, -1, -1)
            reduced = reduced.flatten(0, 1)
            x = layer(reduced if x is None else x + reduced)
        assert x is not None
        side = round((x.shape[1] - 1) ** 0.5)
        grid = x[:, 1:].transpose(1, 2).reshape(-1, x.shape[2], side, side)
        if isinstance(self.transposed_convolution, SkipHead):
            fused = self.transposed_convolution.fusion(taps[-1], features)
            return cast("Tensor", self.transposed_convolution(grid, fused, features[0], condition))
        return cast("Tensor", self.transposed_convolution(grid)).squeeze(1)


class Clipseg(nn.Module):
    """Image half of CLIPSeg: normalised square and sentence embeddings in, logits out."""

    def __init__(self, size: ClipsegSize) -> None:
        super().__init__()
        self.size = size
        self.clip = nn.ModuleDict({"vision_model": VisionModel(size)})
        self.decoder = Decoder(size)
        self.normalise = Normalise(MEAN, STD)

    def forward(self, pixels: Tensor, condition: Tensor) -> Tensor:
        """Find what each sentence names.

        Args:
            pixels: float [B,3,S,S], RGB in 0..1, S the size's ``image`` (training may use less).
            condition: float [B,P,C] sentence embeddings.

        Returns:
            Logits [B,P,S,S].
        """
        taps, features = self.clip["vision_model"](self.normalise(pixels))
        logits: Tensor = self.decoder(taps, features, condition)
        return logits.reshape(-1, condition.shape[1], pixels.shape[2], pixels.shape[3])
