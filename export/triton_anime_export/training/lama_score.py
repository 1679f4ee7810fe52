"""Score of LaMa on held-out plates, against two answers that need no network."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from triton_anime_export.networks._first_guess import diffuse
from triton_anime_export.networks._lama_modules import LamaGenerator
from triton_anime_export.networks.lama import build
from triton_anime_export.studio.bank import Bank

Image = NDArray[np.uint8]


def true_hole(bank: Bank, index: int) -> Image:
    """The silhouette of the next clip's characters, widened by 4 pixels: uint8 [H,W] of 0 and 255."""
    alpha = np.zeros((), np.uint8)
    for step in range(1, len(bank) + 1):
        alpha = np.array(bank.clip((index + step) % len(bank)).alpha[0])
        if 0.03 < (alpha > 8).mean() < 0.7:
            break
    mask = (alpha > 8).astype(np.uint8) * 255
    return np.asarray(cv2.dilate(mask, np.ones((9, 9), np.uint8)), np.uint8)


def psnr(a: Image, b: Image, hole: Image) -> float:
    """Peak signal-to-noise ratio inside the hole, dB."""
    error = ((a.astype(np.float32) - b) ** 2)[hole > 0].mean()
    return float(10 * np.log10(255.0**2 / max(float(error), 1e-6)))


def ssim(a: Image, b: Image, hole: Image) -> float:
    """Structural similarity of luma, mean inside the hole (Wang et al. 2004: window 11, sigma 1.5)."""
    x, y = (cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32) for image in (a, b))

    def blur(image: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(cv2.GaussianBlur(image, (11, 11), 1.5), np.float32)

    mx, my = blur(x), blur(y)
    vx, vy, cov = blur(x * x) - mx * mx, blur(y * y) - my * my, blur(x * y) - mx * my
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    likeness = ((2 * mx * my + c1) * (2 * cov + c2)) / ((mx * mx + my * my + c1) * (vx + vy + c2))
    return float(likeness[hole > 0].mean())


@torch.no_grad()
def score(core: LamaGenerator, bank: Bank, *, clips: int = 60, rivals: bool = True) -> dict[str, float]:
    """Mean PSNR (dB) and SSIM inside holes shaped like other clips' characters, 448x256.

    Also ``contrast``: the mean gradient inside the hole relative to the truth's; a grey blur has none, and
    1 is as lively as the drawing. With ``rivals`` the same of OpenCV's Telea and of smooth diffusion.
    """
    served = build("lite")
    served.core.load_state_dict(core.state_dict())
    served.eval()
    sums: dict[str, list[float]] = {}
    for index in np.linspace(0, len(bank) - 1, min(clips, len(bank))).astype(int):
        plate = np.array(bank.clip(int(index)).plate[0])
        hole = true_hole(bank, int(index))
        answers = {"": _serve(served, plate, hole)}
        if rivals:
            answers["telea_"] = np.asarray(cv2.inpaint(plate, hole, 5, cv2.INPAINT_TELEA), np.uint8)
            answers["smooth_"] = _diffuse(plate, hole)
        for name, answer in answers.items():
            sums.setdefault(f"{name}psnr", []).append(psnr(answer, plate, hole))
            sums.setdefault(f"{name}ssim", []).append(ssim(answer, plate, hole))
            sums.setdefault(f"{name}contrast", []).append(
                _gradient(answer, hole) / (_gradient(plate, hole) + 0.5)
            )
    return {name: round(float(np.mean(values)), 3) for name, values in sums.items()}


def _serve(served: torch.nn.Module, frame: Image, hole: Image) -> Image:
    answer: Image = served(torch.from_numpy(frame)[None], torch.from_numpy(hole)[None])[0].numpy()
    return answer


def _diffuse(frame: Image, hole: Image) -> Image:
    image = torch.from_numpy(frame).permute(2, 0, 1)[None].float() / 255.0
    mask = torch.from_numpy((hole > 0).astype(np.float32))[None, None]
    filled = (diffuse(image, mask)[0].permute(1, 2, 0).numpy() * 255.0).round().astype(np.uint8)
    result: Image = np.where(hole[..., None] > 0, filled, frame)
    return result


def _gradient(image: Image, hole: Image) -> float:
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    inner = cv2.erode(hole, np.ones((5, 5), np.uint8)) > 0
    if not inner.any():
        inner = hole > 0
    dx, dy = np.abs(np.diff(grey, axis=1, append=0)), np.abs(np.diff(grey, axis=0, append=0))
    return float((dx + dy)[inner].mean())
