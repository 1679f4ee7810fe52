"""Wall time per source frame at 1280x720, all stages and writing included, and time to the first layer.

python perf/throughput.py [--video FILE] [--runs 3]
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
from functools import partial
from pathlib import Path

from measure import run

DEMO = Path(__file__).parents[1] / "tests" / "data" / "demo.mp4"


def _written(layers: Path) -> bool:
    return any(layers.glob("*/*_char.png"))


def main() -> None:
    """Process the clip several times and print medians."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--video", type=Path, default=DEMO)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--server", help="use this Triton instead of the embedded one")
    options = parser.parse_args()
    walls, firsts, frames = [], [], 0
    report: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as temporary:
        for number in range(options.runs):
            out = Path(temporary) / str(number)
            layers = out / options.video.stem / "layers"
            command = [
                sys.executable,
                "-m",
                "triton_anime",
                "process",
                "--quiet",
                "-o",
                str(out),
                str(options.video),
            ]
            if options.server:
                command += ["--server", options.server]
            one = run(command, seen=partial(_written, layers))
            walls.append(one.wall_s)
            firsts.append(one.first_layer_s or one.wall_s)
            frames = len(
                json.loads((out / options.video.stem / "metadata" / "frame_annotations.json").read_text())
            )
            report = json.loads((out / options.video.stem / "statistics" / "quality_report.json").read_text())
            print(
                f"run {number + 1}: {frames} frames in {one.wall_s:.1f} s, "
                f"{frames / one.wall_s:.2f} frames/s, first layer {one.first_layer_s or one.wall_s:.1f} s, "
                f"peak {one.client_peak_mib:.0f} MiB client, {one.tree_peak_mib:.0f} MiB with server",
                flush=True,
            )
            shutil.rmtree(out)
    wall = statistics.median(walls)
    print(f"median: {frames / wall:.2f} source frames/s, {1000 * wall / frames:.0f} ms a source frame")
    print(f"median: first layer {statistics.median(firsts):.1f} s after the command")
    for key in ("stage_seconds", "stages"):
        if key in report:
            print(json.dumps(report[key], indent=2))


if __name__ == "__main__":
    main()
