"""From a description to its card: the model folder's README.md, or a page of ``docs/networks``.

What a description cannot know is read from files: how the weights were trained and what they scored from
``card.json`` in the model folder, which ``triton-anime-export build --report`` writes from a training run;
what the published size measures from the records under ``perf/``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from triton_anime_export.cards.published import published_size
from triton_anime_export.folders import is_served, model_folder, onnx_file
from triton_anime_export.network import Network, Tensor
from triton_anime_export.real_art import PICTURE, SHOWN, credits_of
from triton_anime_export.sizes import has_full_size
from triton_anime_export.training.attribution import ART


def card_text(network: Network) -> str:
    """Markdown of a network's card. Tensors are those of the lite size where its weights are committed."""
    source = f"{network.build.__module__}, card.json and perf/"
    shown = network if is_served(network) else network.at("full")
    return "\n".join(
        [
            f"# {network.name}",
            "",
            f"<!-- Written by `triton-anime-export card` from {source}. -->",
            "",
            network.summary,
            "",
            f"- Role: {network.role}",
            f"- Paper: {network.paper}",
            *([f"- Inside the graph: {network.inside}"] if network.inside else []),
            _file(network),
            "",
            *tensors("Inputs", shown.inputs),
            *tensors("Outputs", shown.outputs),
            *_training(_facts(network)),
            *_real_art(network),
            *(_full(network) if has_full_size(network) else []),
            "",
        ]
    )


def weight(network: Network) -> str:
    """Size of the committed file."""
    return f"{onnx_file(network).stat().st_size / 1e6:.1f} MB"


def facts_file(network: Network) -> Path:
    """Where the facts of a training run lie."""
    return model_folder(network) / "card.json"


def _file(network: Network) -> str:
    batch = f"batch up to {network.batching.max_batch or 1}"
    if is_served(network):
        return f"- File: {weight(network)}, {network.precision.value}, opset 18, {batch}"
    name = network.family or network.name
    return (
        f"- File: none is committed. `triton-anime-export weights {name}` fetches a published checkpoint, "
        f"`triton-anime-export build {network.name} --size full` makes the file; opset 18, {batch}"
    )


def _facts(network: Network) -> dict[str, Any]:
    path = facts_file(network)
    facts: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return facts


def tensors(title: str, listed: Iterable[Tensor], level: int = 2) -> list[str]:
    """A table of inputs or outputs under its heading."""
    lines = [
        f"{'#' * level} {title}",
        "",
        "| name | type | shape (without batch) | meaning |",
        "|---|---|---|---|",
    ]
    for tensor in listed:
        shape = ", ".join(str(axis) for axis in tensor.axes)
        note = f"{tensor.meaning} (optional)" if tensor.optional else tensor.meaning
        lines.append(f"| {tensor.name} | {tensor.dtype} | [{shape}] | {note} |")
    return [*lines, ""]


def _training(facts: dict[str, Any]) -> list[str]:
    if not facts:
        return []
    lines = ["## Training", "", *([facts["training"], ""] if "training" in facts else [])]
    if "scores" in facts:
        lines += [
            "Scores on drawings of repositories that were not trained on:",
            "",
            "| score | value |",
            "|---|---|",
            *(f"| {name} | {value} |" for name, value in facts["scores"].items()),
            "",
        ]
    lines += [
        "The weights are this project's own (Apache-2.0). They learned from shots composed of what the "
        "studio draws and of openly licensed art:",
        "",
        *(f"- {work.repository}: {work.what}, {work.licence}" for work in ART),
        "",
    ]
    return lines


def _real_art(network: Network) -> list[str]:
    looked = SHOWN.get(network.name)
    if looked is None or not (model_folder(network) / PICTURE).is_file():
        return []
    return [
        "## On real art",
        "",
        f"![{' and '.join(looked.columns)}]({PICTURE})",
        "",
        "What the whole pipeline made of pictures that nothing was trained on, good and bad "
        "(`python perf/real_art.py --cards`):",
        "",
        *credits_of(looked),
        "",
    ]


def _full(network: Network) -> list[str]:
    full, lines = network.at("full"), published_size(network)
    if is_served(network) and full.inputs != network.inputs:
        lines += tensors("Inputs of the published size", full.inputs, 3)
    if is_served(network) and full.outputs != network.outputs:
        lines += tensors("Outputs of the published size", full.outputs, 3)
    return lines[:-1]
