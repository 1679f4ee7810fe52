"""The part of a card that is about the published size: checkpoints, the authors' numbers, our parity."""

from __future__ import annotations

from collections.abc import Sequence

from triton_anime_export import records
from triton_anime_export.network import Network, Published, Weights
from triton_anime_export.records import Record
from triton_anime_export.sizes import count, key, size_of, sizes_of

NOT_MEASURED = "not measured; run: python perf/full_size.py"


def published_size(network: Network) -> list[str]:
    """The section, an empty line last.

    Raises:
        DataError: a file of records is damaged.
    """
    measured, golden = records.read(records.full_size_file()), records.read(records.golden_file())
    lines = ["## The published size", "", *_checkpoints(network), *_numbers(network)]
    for size in sizes_of(network):
        record, replayed = measured.get(key(network, size)), golden.get(key(network, size))
        if size != next(iter(sizes_of(network))) and not (record or replayed):
            continue  # of several sizes the first stands for all
        lines += [f"### How it was checked{f': {size}' if size else ''}", ""]
        lines += _replayed(replayed)
        lines += _measured(key(network, size), record)
        lines.append("")
    return lines


def commercial(weights: Weights) -> str:
    """Whether the licence allows commercial use, in a word for a table."""
    return "yes" if weights.commercial else "**no**"


def _checkpoints(network: Network) -> list[str]:
    counted = count(network)
    lines = ["| checkpoint | parameters | licence | commercial use |", "|---|---|---|---|"]
    for weights in network.official:
        name = f"[{weights.note or network.name}]({weights.url})"
        digest = f"; sha256 {weights.sha256}" if weights.sha256 else ""
        lines.append(
            f"| {name}{digest} | {counted[size_of(network, weights)]:,} | {weights.licence} "
            f"| {commercial(weights)} |"
        )
    return [*lines, ""]


def _numbers(network: Network) -> list[str]:
    if not network.published:
        return ["Numbers of the authors: none that could be verified is stated here.", ""]
    named = any(said.variant for said in network.published)
    lines = [
        "Numbers of the authors, as they print them:",
        "",
        f"|{' checkpoint |' if named else ''} measure | value | source |",
        f"|{'---|' if named else ''}---|---|---|",
        *(_number(said, named) for said in network.published),
    ]
    return [*lines, ""]


def _number(said: Published, named: bool) -> str:
    return f"|{f' {said.variant} |' if named else ''} {said.measure} | {said.value} | {said.source} |"


def _replayed(record: Record | None) -> list[str]:
    if record is None:
        return []
    errors = ", ".join(f"{runtime} by {record[runtime]['absolute']:.1e}" for runtime in ("PyTorch", "ONNX"))
    verdict = "within" if record["within"] else "**beyond**"
    return [
        "- Against what the reference implementation computed, weights made by a rule: strays at most "
        f"{errors}, {verdict} its tolerance of {record['tolerance']:g}; {record['outputs']} outputs "
        f"(`triton-anime-export verify {record['name']} --golden FOLDER`)"
    ]


def _measured(name: str, record: Record | None) -> list[str]:
    if record is None:
        return [f"- ONNX: {NOT_MEASURED} {name}"]
    if "failed" in record:
        return [f"- ONNX: **fails**: {record['failed']}"]
    call, versions, seconds = record["call"], record["versions"], record["export_cpu_s"]
    verdict = "within" if record["within"] else "**beyond**"
    return [
        *_package(record.get("reference")),
        f"- ONNX against PyTorch, random weights in fp32: strays at most {errors_of(record)}, {verdict} its "
        f"tolerance; {_calls(record['cases'])}",
        f"- ONNX file: {record['onnx_mb']:,} MB in {record['precision']}, {record['nodes']:,} nodes; made in "
        f"{seconds:g} s of processor time and {record['peak_mib'] / 1024:.1f} GiB of memory, this comparison "
        "included",
        *(f"- {line}" for line in record["tensorrt"] or ["TensorRT's parser knows every operator; not run"]),
        f"- One call of {call['inputs']}: {call['cpu_s']:g} s of processor time (onnxruntime "
        f"{versions.get('onnxruntime') or versions.get('onnxruntime-gpu')}, {call['threads']} threads)",
        f"- By `python perf/full_size.py {name}`, torch {versions['torch']}",
    ]


def errors_of(record: Record) -> str:
    """Largest error over all outputs, in the words of their kind; outputs with tolerated strays by name."""
    tolerance, outputs = record["tolerance"], record["outputs"]
    strays = [
        name
        for name, said in outputs.items()
        if said["within"] and _beyond(said, said.get("tolerance", tolerance))
    ]
    rest = [said for name, said in outputs.items() if name not in strays]
    levels = [said["absolute"] for said in rest if said["dtype"] == "uint8"]
    others = [said["relative"] for said in rest if said["dtype"] != "uint8"]
    parts = [_levels(max(levels))] if levels else []
    parts += [f"{max(others):.1e} of the largest value"] if others else []
    for name in strays:
        share = outputs[name].get("tolerance", tolerance)["outliers"]
        parts.append(f"more in at most {share:.2%} of {name}")
    return " and ".join(parts)


def _beyond(said: Record, tolerance: Record) -> bool:
    largest = said["absolute"] / said["relative"] if said["relative"] else 0.0
    allowed = tolerance["atol"] + tolerance["rtol"] * largest
    return bool(tolerance.get("outliers") and said["absolute"] > allowed)


def _levels(steps: float) -> str:
    return f"{steps:g} grey level{'' if steps == 1 else 's'}"


def _calls(cases: Sequence[str]) -> str:
    return f"{len(cases)} calls: {'; '.join(case.rstrip(', ') for case in cases)}"


def _package(reference: Record | None) -> list[str]:
    if not reference:
        return []
    lines = []
    if reference.get("core"):
        lines.append(f"- The network itself is `{reference['core']}` of the {reference['package']} package")
    for what, said in reference.get("compared", {}).items():
        verdict = "" if said["within"] else ", **beyond tolerance**"
        error = _levels(said["absolute"]) if said["dtype"] == "uint8" else f"{said['relative']:.1e}"
        lines.append(f"- Against the {reference['package']} package, {what}: strays at most {error}{verdict}")
    return lines
