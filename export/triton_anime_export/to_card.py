"""From a description to the card in its model folder and to its row in the top README.

What a description cannot know (how the weights were trained, what they scored) is read from ``card.json`` in
the model folder, which ``triton-anime-export build --report`` writes from a training run.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from triton_anime_export.errors import StaleError
from triton_anime_export.folders import is_served, model_folder, onnx_file
from triton_anime_export.network import Network, Tensor
from triton_anime_export.real_art import PICTURE, SHOWN, credits_of
from triton_anime_export.training.attribution import ART

BEGIN, END = "<!-- networks:begin -->", "<!-- networks:end -->"


def card_text(network: Network) -> str:
    """Markdown of the model folder's README.md."""
    facts = _facts(network)
    return "\n".join(
        [
            f"# {network.name}",
            "",
            f"<!-- Written by `triton-anime-export card` from {network.build.__module__} and card.json. -->",
            "",
            network.summary,
            "",
            f"- Role: {network.role}",
            f"- Paper: {network.paper}",
            *([f"- Inside the graph: {network.inside}"] if network.inside else []),
            f"- File: {_weight(network)}, {network.precision.value}, opset 18, batch up to "
            f"{network.batching.max_batch or 1}",
            "",
            *_tensors("Inputs", network.inputs),
            *_tensors("Outputs", network.outputs),
            *_training(facts),
            *_real_art(network),
            *_official(network),
            "",
        ]
    )


def table(networks: Iterable[Network]) -> str:
    """The README's table of the networks that are served."""
    rows = [
        f"| [{network.name}](model_repository/{network.name}/README.md) | {network.role} "
        f"| {_list(network.inputs)} | {_list(network.outputs)} | {_weight(network)} |"
        for network in networks
        if is_served(network)
    ]
    return "\n".join(["| network | role | inputs | outputs | weights |", "|---|---|---|---|---|", *rows])


def with_table(readme: str, networks: Iterable[Network]) -> str:
    """The top README with its table replaced.

    Raises:
        StaleError: the markers are missing.
    """
    if BEGIN not in readme or END not in readme:
        raise StaleError(f"README.md has no place for the table of networks; add {BEGIN} and {END}")
    head, rest = readme.split(BEGIN, 1)
    _, tail = rest.split(END, 1)
    return f"{head}{BEGIN}\n{table(networks)}\n{END}{tail}"


def facts_file(network: Network) -> Path:
    """Where the facts of a training run lie."""
    return model_folder(network) / "card.json"


def _facts(network: Network) -> dict[str, Any]:
    path = facts_file(network)
    facts: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return facts


def _weight(network: Network) -> str:
    return f"{onnx_file(network).stat().st_size / 1e6:.1f} MB"


def _list(tensors: Iterable[Tensor]) -> str:
    return ", ".join(f"{tensor.name} {tensor.dtype}" for tensor in tensors)


def _tensors(title: str, tensors: Iterable[Tensor]) -> list[str]:
    lines = [f"## {title}", "", "| name | type | shape (without batch) | meaning |", "|---|---|---|---|"]
    for tensor in tensors:
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


def _official(network: Network) -> list[str]:
    if not network.official:
        return []
    lines = ["## Official checkpoints of the full size", ""]
    for weights in network.official:
        use = "commercial use allowed" if weights.commercial else "no commercial use"
        digest = f", sha256 {weights.sha256}" if weights.sha256 else ""
        lines.append(f"- {weights.note}: <{weights.url}>, {weights.licence}, {use}{digest}")
    return lines
