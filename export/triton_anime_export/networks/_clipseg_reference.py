"""Both halves of CLIPSeg beside the ``transformers`` package, at the size of ``CIDAS/clipseg-rd64-refined``.

Tensors are given to the package as its processor makes them: 352 x 352, ImageNet's mean and deviation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from triton_anime_export.frame_io import IMAGENET_MEAN, IMAGENET_STD, to_uint8
from triton_anime_export.networks._clipseg_modules import FULL as IMAGE
from triton_anime_export.networks._clipseg_text_modules import FULL as TEXT

Pairs = Sequence[tuple[str, torch.Tensor, torch.Tensor]]


def published() -> nn.Module:
    """The package's own network in the checkpoint's configuration, with fresh weights."""
    from transformers import CLIPSegConfig, CLIPSegForImageSegmentation

    build: Any = CLIPSegForImageSegmentation
    configuration: Any = CLIPSegConfig
    return build(
        configuration(
            vision_config={"image_size": IMAGE.laid_out, "patch_size": IMAGE.patch},
            # The checkpoint's file predates the vocabulary's own end-of-text code: 2 asks for the highest.
            text_config={"bos_token_id": 0, "eos_token_id": 2, "pad_token_id": 1},
            extract_layers=list(IMAGE.taps),
            reduce_dim=IMAGE.reduced,
            use_complex_transposed_convolution=True,
        )
    ).eval()


def _filled(core: nn.Module) -> Any:
    """The package's network with the weights of our half.

    Raises:
        RuntimeError: a key of ours is not the package's, or its shape is another.
    """
    package = published()
    unknown = package.load_state_dict(core.state_dict(), strict=False).unexpected_keys
    if unknown:
        raise RuntimeError(f"the package does not know {', '.join(unknown)}")
    return package


def image_half(served: nn.Module) -> Pairs:
    """Logits of two sentences in two squares, and the masks that are served."""
    core = served.get_submodule("core")
    package = _filled(core)
    generator = torch.Generator().manual_seed(5)
    side = IMAGE.image
    blotches = torch.rand(2, 3, side // 16, side // 16, generator=generator)
    frame = (nn.functional.interpolate(blotches, (side, side)) * 255).to(torch.uint8)
    condition = torch.randn(2, IMAGE.condition, generator=generator) * 0.5
    mean, deviation = (torch.tensor(value).view(1, 3, 1, 1) for value in (IMAGENET_MEAN, IMAGENET_STD))
    pixels = (frame.float() / 255.0 - mean) / deviation
    theirs = package(pixel_values=pixels, conditional_embeddings=condition).logits
    ours = core(frame.float() / 255.0, condition[:, None])[:, 0]
    masks = served(frame.permute(0, 2, 3, 1).contiguous(), condition[:, None])[:, 0]
    return ("logits", ours, theirs), ("MASKS", masks, to_uint8(torch.sigmoid(theirs)))


def text_half(served: nn.Module) -> Pairs:
    """Embeddings of sentences of several lengths, each ended and filled up with the end-of-text code."""
    package = _filled(served.get_submodule("core"))
    end = TEXT.vocabulary - 1
    tokens = torch.randint(1, end - 1, (3, 20), generator=torch.Generator().manual_seed(6))
    for sentence, length in enumerate((4, 11, 19)):
        tokens[sentence, length:] = end
    read = tokens != end
    read[torch.arange(3), (~read).int().argmax(1)] = True
    theirs = package.get_conditional_embeddings(batch_size=3, input_ids=tokens, attention_mask=read.long())
    return (("CONDITION", served(tokens.to(torch.int32)), theirs),)
