"""Holds XMem, DeAOT and masks warped along DIS flow against one another; the first masks are given to all.

    python perf/trackers.py --art ART --data art
    python perf/trackers.py --davis DAVIS
    python perf/trackers.py --art ART --data art --deaot weights.pt

On the clips for tracking of ``triton-anime-export score``, or on a folder in the layout of DAVIS 2017. J and
F of each object over the frames (mean, recall, decay) as DAVIS defines them: objects of the first frame, the
first and the last frame not scored; "J&F of score" is the figure of ``triton-anime-export score``, which
scores the last frame too. Through the embedded server, lite networks. No DeAOT is committed: name the weights
of a training run, or a model repository that has one.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime.repository import network_repository, repositories
from triton_anime.server import Server
from triton_anime_export.errors import ExportError
from triton_anime_export.folders import model_folder, onnx_file
from triton_anime_export.networks import find
from triton_anime_export.scores import davis, peers, run
from triton_anime_export.scores.followers import FOLLOWERS, served_followers
from triton_anime_export.scores.measures.clip_jf import clip_jf
from triton_anime_export.scores.sizes import QUICK, Sizes
from triton_anime_export.to_config import config_text
from triton_anime_export.to_onnx import export
from triton_anime_export.weights import load

U8 = NDArray[np.uint8]
Follow = Callable[[Sequence[U8], U8], list[U8]]

XMEM = ("xmem_encode", "xmem_decode", "xmem_value")
DEAOT = ("deaot_encode", "deaot_reference", "deaot_propagate", "deaot_identify")
_COLUMNS = ("jf", "j_mean", "j_recall", "j_decay", "f_mean", "f_recall", "f_decay")


def drawn(options: argparse.Namespace) -> Iterator[davis.Sequence2017]:
    """The clips of the chosen sets."""
    sizes = QUICK if options.quick else Sizes(long_each=options.each)
    for clip in run.clips(options.art, sizes, frozenset(options.data), run.long_clips):
        truth = [np.asarray(labels) for labels in clip.shot.ids]
        yield davis.Sequence2017(f"{clip.data} {clip.name}", clip.drawings, truth)


def repository(folder: Path, weights: Path) -> Path:
    """A model repository of the committed XMem and a lite DeAOT of these weights."""
    for name in XMEM:
        (folder / name).symlink_to(network_repository() / name)
    for name in DEAOT:
        network = find(name).at("lite")
        export(network, load(network, "lite", weights), onnx_file(network, folder))
        (model_folder(network, folder) / "config.pbtxt").write_text(config_text(network), "utf-8")
    return folder


def trackers(server: Server) -> dict[str, Follow]:
    """Who answers, by name."""
    served = {name: _asking(server, name) for name in served_followers(server)}
    return {**served, "dis": peers.warped_masks}


def _asking(server: Server, name: str) -> Follow:
    return lambda frames, first: FOLLOWERS[name](server, frames, first)


def main() -> None:
    """Print a line for every clip and tracker, then the means."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--art", type=Path, help="folder of art with SOURCES.tsv")
    parser.add_argument("--data", action="append", choices=("studio", "art", "broadcast"))
    parser.add_argument("--each", type=int, default=1, help="clips of each of the two kinds, for each set")
    parser.add_argument("--quick", action="store_true", help="a few small drawings: the figures mean nothing")
    parser.add_argument("--davis", type=Path, metavar="FOLDER", help="DAVIS 2017 instead of the clips")
    parser.add_argument("--split", default="val", help="of DAVIS, by its list in ImageSets/2017")
    parser.add_argument("--resolution", default="480p", help="of DAVIS, by its folder")
    parser.add_argument("--deaot", type=Path, metavar="WEIGHTS", help="weights.pt of the recipe deaot")
    parser.add_argument("--networks", type=Path, metavar="FOLDER", help="model repository to serve")
    parser.add_argument("--output", type=Path, metavar="FILE", help="gets all figures as JSON")
    options = parser.parse_args()
    if options.data is None:
        options.data = ["studio", "art", "broadcast"] if options.art else ["studio"]
    if options.art is None and options.davis is None and set(options.data) != {"studio"}:
        parser.error("name the folder of art that holds SOURCES.tsv with --art, or pass --data studio")
    if options.deaot and options.networks:
        parser.error("give either --deaot or --networks")
    try:
        compare(options)
    except ExportError as error:
        raise SystemExit(f"error: {error}") from error


def compare(options: argparse.Namespace) -> None:
    """Run everybody.

    Raises:
        ExportError: art, data set or weights are missing or damaged.
    """
    from triton_anime.embedded import EmbeddedServer

    cv2.setNumThreads(1)
    found: dict[str, list[davis.ObjectScore]] = {}
    overall: dict[str, list[float]] = {}
    with ExitStack() as stack:
        networks = options.networks
        if options.deaot is not None:
            networks = repository(
                Path(stack.enter_context(tempfile.TemporaryDirectory())), options.deaot.absolute()
            )
        wanted = ["track_step"] + (["deaot_step"] if networks is not None else [])
        embedded = stack.enter_context(EmbeddedServer(wanted, repositories=repositories(networks=networks)))
        everybody = trackers(embedded.server)
        clips = (
            davis.sequences(options.davis, options.split, options.resolution)
            if options.davis is not None
            else drawn(options)
        )
        for clip in clips:
            for name, follow in everybody.items():
                since = time.monotonic()
                labels = follow(clip.frames, clip.masks[0])
                each = (time.monotonic() - since) / len(clip.frames)
                scores = davis.score(clip.name, labels, clip.masks)
                found.setdefault(name, []).extend(scores)
                jf = clip_jf(labels[1:], clip.masks[1:], same_numbers=True).jf
                overall.setdefault(name, []).append(jf)
                part = davis.means(scores)
                print(
                    f"{clip.name:24} {name:6} J&F {part['jf']:.3f}  J {part['j_mean']:.3f}"
                    f"  F {part['f_mean']:.3f}  J&F of score {jf:.3f}  {each:.2f} s a frame",
                    flush=True,
                )
    print(table(found, overall))
    if options.output is not None:
        figures = {
            name: davis.means(scores) | {"score_jf": float(np.mean(overall[name]))}
            for name, scores in found.items()
        }
        objects = {name: [asdict(score) for score in scores] for name, scores in found.items()}
        options.output.write_text(
            json.dumps({"figures": figures, "objects": objects}, indent=1) + "\n", "utf-8"
        )


def table(found: dict[str, list[davis.ObjectScore]], overall: dict[str, list[float]]) -> str:
    """The means as Markdown."""
    titles = ("J&F", "J", "J recall", "J decay", "F", "F recall", "F decay", "J&F of score", "objects")
    lines = [f"| | {' | '.join(titles)} |", "|---|" + "---:|" * len(titles)]
    for name, scores in found.items():
        figures = davis.means(scores)
        cells = [f"{figures[column]:.3f}" for column in _COLUMNS]
        cells += [f"{np.mean(overall[name]):.3f}", str(len(scores))]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
