"""How good the layers are: art never trained on, composed into clips, against its exact truth.

    python perf/accuracy.py --art ../shared/media/train --clips 8

Each clip is a staged scene of the validation split (other repositories than the training split), held on
twos, encoded with H.264 and processed by the command line like any other file. Only files on disk are
compared, so nothing of the product's own measuring is trusted.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime_export.studio.art import Art
from triton_anime_export.studio.director import Cast, stage
from triton_anime_export.studio.scene import Shot

HOLD = 2


def encode(path: Path, frames: NDArray[np.uint8], hold: int = HOLD, crf: int = 18) -> None:
    """Write uint8 RGB frames [T,H,W,3] as H.264, each held for ``hold`` frames, at 24 per second."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(24))
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": str(crf), "preset": "veryfast"}
        for image in frames:
            for _ in range(hold):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())


def _read(path: Path) -> NDArray[np.uint8]:
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise SystemExit(f"{path} is missing or damaged")
    if image.ndim == 3:
        image = image[..., [2, 1, 0, 3][: image.shape[2]]]
    return np.ascontiguousarray(image)


def _psnr(error: NDArray[np.float64]) -> float:
    return float(10 * np.log10(255.0**2 / max(float(np.mean(error**2)), 1e-9)))


def compare(folder: Path, shot: Shot, hold: int = HOLD) -> dict[str, float]:
    """Measure one output tree against the truth of its shot."""
    entries = json.loads((folder / "metadata" / "frame_annotations.json").read_text())
    mapping = json.loads((folder / "metadata" / "temporal_mapping.json").read_text())
    inter = union = 0
    effect_inter = effect_union = 0
    alpha_error, recomposed, covered = [], [], []
    for number, entry in enumerate(entries):
        t = number // hold
        layers = entry["layers"]
        character = _read(folder / layers["character"]["path"]).astype(np.float64)
        effects = _read(folder / layers["effects"]["path"]).astype(np.float64)
        background = _read(folder / layers["background"]["path"]).astype(np.float64)
        truth = shot.alpha[t]
        guess = character[..., 3]
        inter += int(((truth >= 128) & (guess >= 128)).sum())
        union += int(((truth >= 128) | (guess >= 128)).sum())
        alpha_error.append(np.abs(truth - guess).mean() / 255)
        a, e = character[..., 3:] / 255, effects[..., 3:] / 255
        picture = background[..., :3] * (1 - a) + character[..., :3] * a
        picture = picture * (1 - e) + effects[..., :3] * e
        recomposed.append(np.mean((picture - shot.frames[t]) ** 2))
        effect_truth, effect_guess = shot.effect[t] >= 64, effects[..., 3] >= 64
        effect_inter += int((effect_truth & effect_guess).sum())
        effect_union += int((effect_truth | effect_guess).sum())
        # Where a character or an effect stands, the plate had to be found or invented.
        hole = (truth >= 128) | (shot.effect[t] >= 64)
        if hole.any():
            covered.append(((background - shot.plate[t].astype(np.float64)) ** 2)[hole].mean())
    result = {
        "frames": float(len(entries)),
        "character_iou": inter / union if union else float("nan"),
        "alpha_mae": float(np.mean(alpha_error)),
        "effect_iou": effect_inter / effect_union if effect_union else float("nan"),
        "recomposition_psnr": float(10 * np.log10(255**2 / max(np.mean(recomposed), 1e-9))),
        "plate_psnr_in_holes": float(10 * np.log10(255**2 / max(np.mean(covered), 1e-9)))
        if covered
        else float("nan"),
        "id_switches": float(_switches(mapping, shot, hold)),
    }
    return result


def _switches(mapping: dict[str, object], shot: Shot, hold: int) -> int:
    """How often the reported id nearest to a true character changes while it stays visible."""
    boxes: dict[int, list[tuple[int, list[int]]]] = {}
    for character in mapping["characters"]:  # type: ignore[attr-defined]
        for frame, box in character["frames"].items():
            number = int(frame.rsplit("frame", 1)[1])
            boxes.setdefault(number, []).append((int(character["id"]), box))
    switches = 0
    for identity in range(1, int(shot.ids.max()) + 1):
        last = None
        for t in range(len(shot.frames)):
            mask = shot.ids[t] == identity
            if mask.sum() < 0.004 * mask.size:
                continue
            ys, xs = np.nonzero(mask)
            true = (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)
            best, now = 0.4, None
            for candidate, (x, y, w, h) in boxes.get(t * hold, []):
                ix = max(0, min(true[2], x + w) - max(true[0], x))
                iy = max(0, min(true[3], y + h) - max(true[1], y))
                area = (true[2] - true[0]) * (true[3] - true[1]) + w * h - ix * iy
                if ix * iy / max(area, 1) > best:
                    best, now = ix * iy / area, candidate
            if now is not None and last is not None and now != last:
                switches += 1
            last = now if now is not None else last
    return switches


def main() -> None:
    """Stage, encode, process and compare."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--art", type=Path, required=True, help="folder with SOURCES.tsv")
    parser.add_argument("--clips", type=int, default=8)
    parser.add_argument("--drawings", type=int, default=12)
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--seed", type=int, default=20_000)
    parser.add_argument("--keep", type=Path, help="keep clips and outputs here")
    parser.add_argument("--compare-only", action="store_true", help="the outputs are there already")
    options = parser.parse_args()
    width, height = map(int, options.size.split("x"))
    cast = Cast([], [], [], [], Art(options.art, "val"), 1.0)
    with tempfile.TemporaryDirectory() as temporary:
        root = options.keep or Path(temporary)
        root.mkdir(parents=True, exist_ok=True)
        shots = {}
        for number in range(options.clips):
            shot = stage(
                np.random.default_rng([options.seed, number]), cast, (width, height), options.drawings
            )
            path = root / f"clip{number:02d}.mp4"
            encode(path, shot.frames)
            shots[path] = shot
        command = [
            sys.executable,
            "-m",
            "triton_anime",
            "process",
            "--overwrite",
            "--quiet",
            "-o",
            str(root / "out"),
        ]
        if not options.compare_only:
            subprocess.run([*command, *map(str, shots)], check=True)
        rows = {}
        for path, shot in shots.items():
            rows[path.stem] = compare(root / "out" / path.stem, shot)
    names = list(next(iter(rows.values())))
    print("| clip | " + " | ".join(names) + " |")
    print("|---" * (len(names) + 1) + "|")
    for clip, row in rows.items():
        print(f"| {clip} | " + " | ".join(f"{row[name]:.3f}" for name in names) + " |")
    means = [float(np.nanmean([row[name] for row in rows.values()])) for name in names]
    print("| **mean** | " + " | ".join(f"{value:.3f}" for value in means) + " |")


if __name__ == "__main__":
    main()
