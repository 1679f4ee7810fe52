"""CLIPSeg: masks of whatever a sentence names.

Lüddecke & Ecker, "Image Segmentation Using Text and Image Prompts", CVPR 2022; official checkpoint
``CIDAS/clipseg-rd64-refined`` (Apache-2.0), whose keys are used as they are. The text half is
``_clipseg_text_modules.py``. The small size
is another network, ``_clipseg_lite.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from triton_anime_export.frame_io import Normalise
from triton_anime_export.networks._clip_layers import Encoder, Layer


@dataclass(frozen=True)
class ClipsegSize:
    """Size of the image half.

    Attributes:
        image: side of the square that the frame is squashed to.
        laid_out: side of the squares that CLIP's table of positions was learnt for.
        patch: pixels of one token's side.
        width, heads, hidden, depth: of the image tower.
        taps: layers whose activations feed the decoder, shallow to deep.
        condition: width of the sentence embedding.
        reduced, decoder_heads, decoder_hidden: of the decoder.
    """

    image: int = 352
    laid_out: int = 224
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


FULL = ClipsegSize()


def _stretch(learnt: int, wanted: int) -> Tensor:
    """The matrix [wanted²,learnt²] that stretches a square table bicubically, as the reference does.

    A product with a constant is the same in every runtime; a cubic Resize is not.
    """
    if learnt == wanted:
        return torch.eye(learnt**2)
    one = torch.eye(learnt**2, device="cpu").reshape(-1, 1, learnt, learnt)
    grown = nn.functional.interpolate(one, size=(wanted, wanted), mode="bicubic", align_corners=False)
    return grown.reshape(learnt**2, wanted**2).T.contiguous()


class VisionEmbeddings(nn.Module):
    """Tokens of the picture behind a class token, each with its learnt position.

    Positions were learnt for smaller pictures than CLIPSeg looks at; their table is stretched.
    """

    stretch: Tensor

    def __init__(self, size: ClipsegSize) -> None:
        super().__init__()
        learnt, wanted = size.laid_out // size.patch, size.image // size.patch
        self.class_embedding = nn.Parameter(torch.zeros(size.width))
        self.patch_embedding = nn.Conv2d(3, size.width, size.patch, size.patch, bias=False)
        self.position_embedding = nn.Embedding(learnt**2 + 1, size.width)
        self.register_buffer("stretch", _stretch(learnt, wanted), persistent=False)

    def forward(self, pixels: Tensor) -> Tensor:
        """Map normalised pixels [B,3,S,S] to [B,1+N,D]."""
        tokens = self.patch_embedding(pixels).flatten(2).transpose(1, 2)
        first = self.class_embedding.to(tokens.dtype).expand(tokens.shape[0], 1, -1)
        table = self.position_embedding.weight
        positions = torch.cat([table[:1], torch.matmul(self.stretch, table[1:])])
        return torch.cat([first, tokens], dim=1) + positions


class VisionModel(nn.Module):
    """CLIP's image tower up to the deepest tap (``pre_layrnorm`` is spelt as in the checkpoint)."""

    def __init__(self, size: ClipsegSize) -> None:
        super().__init__()
        self.taps = size.taps
        self.embeddings = VisionEmbeddings(size)
        self.pre_layrnorm = nn.LayerNorm(size.width)
        # Layers above the deepest tap and the final normalisation do not reach the masks.
        self.encoder = Encoder(size.width, size.heads, size.hidden, max(size.taps) + 1)

    def forward(self, pixels: Tensor) -> list[Tensor]:
        """Map normalised pixels [B,3,S,S] to the tapped activations [B,1+N,D], shallow to deep."""
        _, kept = self.encoder(self.pre_layrnorm(self.embeddings(pixels)), taps=self.taps)
        return cast("list[Tensor]", kept)


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
        step = size.patch // 4
        self.transposed_convolution = nn.Sequential(
            nn.Conv2d(reduced, reduced, 3, padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(reduced, reduced // 2, step, stride=step),
            nn.ReLU(),
            nn.ConvTranspose2d(reduced // 2, 1, step, stride=step),
        )

    def forward(self, taps: list[Tensor], condition: Tensor) -> Tensor:
        """Decode all prompts of all pictures at once.

        Args:
            taps: image activations [B,1+N,D], shallow to deep.
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
        return cast("Tensor", self.transposed_convolution(grid)).squeeze(1)


class Clipseg(nn.Module):
    """Image half of CLIPSeg: normalised square and sentence embeddings in, logits out."""

    def __init__(self, size: ClipsegSize) -> None:
        super().__init__()
        self.size = size
        self.clip = nn.ModuleDict({"vision_model": VisionModel(size)})
        self.decoder = Decoder(size)
        # ImageNet's mean and deviation, not CLIP's: so were its authors' pictures.
        self.normalise = Normalise()

    def forward(self, pixels: Tensor, condition: Tensor) -> Tensor:
        """Find what each sentence names.

        Args:
            pixels: float [B,3,S,S], RGB in 0..1, S the size's ``image``.
            condition: float [B,P,C] sentence embeddings.

        Returns:
            Logits [B,P,S,S].
        """
        taps = self.clip["vision_model"](self.normalise(pixels))
        logits: Tensor = self.decoder(taps, condition)
        return logits.reshape(-1, condition.shape[1], pixels.shape[2], pixels.shape[3])
