"""Which operators a graph has, and which of them TensorRT's ONNX parser does not take.

The list is that of the parser's public support matrix (onnx-tensorrt, ``docs/operators.md``, opset 17), less
what later releases added (LayerNormalization in 8.6, DeformConv in 10.1). It says what cannot work, not what
does: there was no TensorRT at hand to try a graph on.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import onnx

WITHOUT_CONVERTER = frozenset(
    {
        "Bernoulli",
        "BitShift",
        "Col2Im",
        "Compress",
        "ConcatFromSequence",
        "ConvInteger",
        "DFT",
        "Det",
        "DynamicQuantizeLinear",
        "Hardmax",
        "IsInf",
        "MatMulInteger",
        "MaxRoiPool",
        "MaxUnpool",
        "Multinomial",
        "NegativeLogLikelihoodLoss",
        "Optional",
        "OptionalGetElement",
        "OptionalHasElement",
        "QLinearConv",
        "QLinearMatMul",
        "STFT",
        "SequenceAt",
        "SequenceConstruct",
        "SequenceEmpty",
        "SequenceErase",
        "SequenceInsert",
        "SequenceLength",
        "SequenceMap",
        "SoftmaxCrossEntropyLoss",
        "SplitToSequence",
        "StringNormalizer",
        "TfIdfVectorizer",
        "Unique",
    }
)
SHAPED_BY_DATA = frozenset({"NonZero", "NonMaxSuppression", "If", "Loop", "Scan"})
"""The parser takes these, but shapes or control flow then depend on values: slow engines or none."""


def ops_of(path: Path) -> Counter[str]:
    """How often each operator occurs, subgraphs and functions included.

    Args:
        path: of an ONNX file; weights outside of it are not read.
    """
    model = onnx.load(path, load_external_data=False)
    found: Counter[str] = Counter()
    graphs: list[onnx.GraphProto | onnx.FunctionProto] = [model.graph, *model.functions]
    while graphs:
        for node in graphs.pop().node:
            # Functions of the model's own are counted by what they consist of.
            if node.domain in {"", "ai.onnx"}:
                found[node.op_type] += 1
            elif not any(f.domain == node.domain and f.name == node.op_type for f in model.functions):
                found[f"{node.domain}.{node.op_type}"] += 1
            graphs += [attribute.g for attribute in node.attribute if attribute.HasField("g")]
    return found


def warnings_for(ops: Counter[str]) -> list[str]:
    """A line for every operator that stands in TensorRT's way."""
    lines = []
    for name, count in sorted(ops.items()):
        if name in WITHOUT_CONVERTER:
            lines.append(f"TensorRT has no converter for {name} ({count} nodes)")
        elif "." in name:
            lines.append(f"TensorRT knows {name} ({count} nodes) only as a plugin")
        elif name in SHAPED_BY_DATA:
            lines.append(f"{name} ({count} nodes) makes shapes or control flow depend on data")
    return lines


def summary(ops: Counter[str]) -> str:
    """``74 Conv, 70 Relu, ...``, the most frequent first."""
    return ", ".join(f"{count} {name}" for name, count in ops.most_common())
