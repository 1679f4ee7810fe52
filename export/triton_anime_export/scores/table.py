"""scores.json as Markdown, between the markers of perf/README.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from triton_anime_export.errors import StaleError
from triton_anime_export.scores.rows import ANSWERS, CAPABILITIES, DATA, PRODUCT, Measure

BEGIN, END = "<!-- scores:begin -->", "<!-- scores:end -->"

Figures = Mapping[str, Mapping[str, Mapping[str, float]]]
"""Measure → answer → data → figure."""


def section(scores: Mapping[str, Any]) -> str:
    """Everything between the markers, from the contents of scores.json."""
    data = list(scores["data"])
    lines = [_how(scores), "", f"| | target | {' | '.join(DATA[name] for name in data)} |"]
    lines.append("|---|---|" + "---:|" * len(data))
    for capability, measures in CAPABILITIES.items():
        rows = [row for measure in measures for row in _rows(measure, scores, data)]
        if rows:
            lines += [f"| **{capability}** | |{' |' * len(data)}", *rows]
    lines += ["", *_by_type(scores["effects_by_type"], data)]
    return "\n".join(lines)


def split(readme: str) -> tuple[str, str]:
    """What stands before and after the section.

    Raises:
        StaleError: the markers are missing.
    """
    if BEGIN not in readme or END not in readme:
        raise StaleError(f"README.md has no place for the scores; add {BEGIN} and {END}")
    head, rest = readme.split(BEGIN, 1)
    return head, rest.split(END, 1)[1]


def with_section(readme: str, scores: Mapping[str, Any]) -> str:
    """The README with what stands between its markers replaced; raises as :func:`split`."""
    head, tail = split(readme)
    return f"{head}{BEGIN}\n{section(scores)}\n{END}{tail}"


def _how(scores: Mapping[str, Any]) -> str:
    sizes, versions = scores["sizes"], scores["versions"]
    clips = "; ".join(
        f"{DATA[name]}: {counts['clips']} clips, {counts['drawings']} drawings, of which "
        f"{counts['long_clips']} clips of {sizes['long_drawings'] * 2} frames for tracking"
        for name, counts in scores["data"].items()
    )
    packages = ", ".join(f"{name} {version}" for name, version in versions.items())
    return (
        f"Written by `{scores['command']}`. Seeds from {scores['seed']}, {sizes['size'][0]}x"
        f"{sizes['size'][1]}, on twos. {clips}. {packages}; weights {scores['weights']}; "
        f"{scores['minutes']} minutes. Means over drawings (tracking: over clips); effects: all "
        "intersections over all unions; ± the standard error over clips. **Bold** meets the target, ↑ is "
        "better when higher. Peers, and "
        "networks alone, get the true boxes, holes and first masks, which the product does not."
    )


def _rows(measure: Measure, scores: Mapping[str, Any], data: list[str]) -> Iterator[str]:
    figures: Figures = scores["figures"]
    errors: Figures = scores.get("errors", {})
    by_answer = figures.get(measure.key, {})
    if not by_answer:
        return
    arrow = "↑" if measure.higher else "↓"
    yield f"| *{measure.title}* {arrow} | {measure.target} |{' |' * len(data)}"
    for answer, title in ANSWERS.items():
        if answer not in by_answer:
            continue
        cells = []
        for name in data:
            value = by_answer[answer].get(name)
            text = "" if value is None else f"{value:.{measure.digits}f}"
            cell = f"**{text}**" if text and _is_met(measure, answer, name, by_answer) else text
            error = errors.get(measure.key, {}).get(answer, {}).get(name)
            cells.append(cell if error is None or not text else f"{cell} ± {error:.{measure.digits}f}")
        yield f"| – {title} | | {' | '.join(cells)} |"


def _is_met(measure: Measure, answer: str, name: str, by_answer: Mapping[str, Mapping[str, float]]) -> bool:
    if measure.met is None or answer != PRODUCT:
        return False
    here = {other: values[name] for other, values in by_answer.items() if name in values}
    try:
        return measure.met(here)
    except KeyError:  # the peer that the target names was not run
        return False


def _by_type(by_type: Mapping[str, Mapping[str, Mapping[str, float]]], data: list[str]) -> Iterator[str]:
    """IoU of the product's effect layer, and of CLIPSeg asked by name, for each type."""
    kinds = sorted({kind for answers in by_type.values() for values in answers.values() for kind in values})
    if not kinds:
        return
    columns = [(name, answer) for name in data for answer in (PRODUCT, "clipseg")]
    heads = [f"({'abcd'[list(DATA).index(name)]}) {ANSWERS[answer]}" for name, answer in columns]
    yield f"| effect IoU by type | {' | '.join(heads)} |"
    yield "|---|" + "---:|" * len(columns)
    for kind in kinds:
        cells = []
        for name, answer in columns:
            value = by_type.get(name, {}).get(answer, {}).get(kind)
            cells.append("" if value is None else f"{value:.3f}")
        yield f"| {kind} | {' | '.join(cells)} |"
