"""Contact sheets of real clips and pictures that nothing was trained on, before and after, for the eye.

    python perf/real_art.py --media ../shared/media --output sheets

Writes ``clips.png`` (four frames of each clip) and ``images.png``. What is shown belongs to its authors: only
pictures whose licence allows it may be passed on.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

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
    options = parser.parse_args()
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
        command = ["triton-anime", "process", *map(str, files), "-o", str(layers)]
        # A file that fails is told of by the command itself; the others are drawn all the same.
        subprocess.run([*command, "--max-frames", str(options.max_frames), "--overwrite"], check=False)
        done = [str(layers / path.stem) for path in files if (layers / path.stem / "metadata").is_dir()]
        sheet = ["triton-anime", "sheet", *done, "--rows", str(rows), "-o", f"{layers}.png"]
        subprocess.run(sheet, check=True)


if __name__ == "__main__":
    main()
