"""Contact sheets of real clips and pictures that nothing was trained on, before and after, for the eye.

    python perf/real_art.py --media ../shared/media --output sheets

Writes ``clips.png`` (four frames of each clip) and ``images.png``. What is shown belongs to its authors: only
pictures whose licence allows it may be passed on. With ``--cards`` those go, small, into the models' folders,
from where ``triton-anime-export card`` puts them into the cards with their credits.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import numpy as np

from triton_anime import contact_sheet
from triton_anime_export.folders import is_served, model_folder
from triton_anime_export.networks import NETWORKS
from triton_anime_export.real_art import PICTURE, SHOWN, part_of

CLIPS, IMAGES = (".mp4", ".webm", ".mkv", ".gif"), (".jpg", ".jpeg", ".png")


def main() -> None:
    """Process and draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--media", type=Path, required=True, help="folder with clips/ and images/")
    parser.add_argument("--output", type=Path, default=Path("sheets"))
    parser.add_argument("--max-frames", type=int, default=48, help="of each clip")
    parser.add_argument("--only", default="", help="files whose name begins so, e.g. c05")
    parser.add_argument("--cards", action="store_true", help="draw the pictures of the cards too")
    parser.add_argument("--drawn", action="store_true", help="with --cards: process nothing, use --output")
    options = parser.parse_args()
    if not options.drawn:
        process(options)
    if options.cards:
        draw_cards(options.output)


def process(options: argparse.Namespace) -> None:
    """Every clip and picture through the pipeline, and one sheet of each kind."""
    for kind, endings, rows in (("clips", CLIPS, 4), ("images", IMAGES, 1)):
        folder = options.media / kind
        if not folder.is_dir():
            sys.exit(f"{folder} is missing; name the folder that holds clips/ and images/ with --media")
        files = sorted(
            path
            for path in folder.iterdir()
            if path.suffix.lower() in endings and path.name.startswith(options.only)
        )
        if not files:
            continue
        layers = options.output / kind
        usual = ["-o", str(layers), "--max-frames", str(options.max_frames), "--overwrite"]
        for part in sorted({part_of(path.name) for path in files}):
            these = [str(path) for path in files if part_of(path.name) == part]
            asked = [*usual, "--range", part] if part else usual
            # A file that fails is told of by the command itself; the others are drawn all the same.
            subprocess.run(["triton-anime", "process", *these, *asked], check=False)
        done = [str(layers / path.stem) for path in files if (layers / path.stem / "metadata").is_dir()]
        sheet = ["triton-anime", "sheet", *done, "--rows", str(rows), "-o", f"{layers}.png"]
        subprocess.run(sheet, check=True)


def draw_cards(output: Path) -> None:
    """One small picture for each network of ``SHOWN`` that is served."""
    for network in (network for network in NETWORKS if network.name in SHOWN and is_served(network)):
        looked = SHOWN[network.name]
        folders = [found for work in looked.works for found in sorted(output.glob(f"*/{work.file}*"))]
        if len(folders) != len(looked.works):
            sys.exit(f"{output} lacks some of {[work.file for work in looked.works]}; run without --drawn")
        columns = [contact_sheet.sheet([f], looked.rows, 240, looked.columns) for f in folders]
        # Works stand side by side, on dark below the shorter ones.
        height = max(len(column) for column in columns)
        padded = [np.pad(c, ((0, height - len(c)), (0, 6), (0, 0)), constant_values=24) for c in columns]
        contact_sheet.write(np.hstack(padded), model_folder(network) / PICTURE, quality=80)


if __name__ == "__main__":
    main()
