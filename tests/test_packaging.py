"""The wheel serves without a checkout."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's content, unpacked outside the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_the_wheel_carries_both_repositories(unpacked: Path) -> None:
    for name in ("model_repository", "ensembles"):
        ours = {p.name for p in (ROOT / name).iterdir() if (p / "config.pbtxt").is_file()}
        packed = {
            p.parent.name for p in (unpacked / "triton_anime" / "_repository" / name).glob("*/config.pbtxt")
        }
        assert packed == ours
        assert packed
    assert not list(unpacked.rglob("__pycache__"))
    assert {p.name for p in unpacked.iterdir() if p.suffix != ".dist-info"} == {
        "triton_anime",
        "triton_anime_export",
    }


def test_an_installed_package_finds_its_repositories(unpacked: Path, tmp_path: Path) -> None:
    code = "from triton_anime import repository as r; print(r.network_repository(), r.ensemble_repository())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(unpacked)},
        capture_output=True,
        text=True,
        check=True,
    )
    for line in done.stdout.split():
        assert Path(line).is_relative_to(unpacked)
        assert list(Path(line).glob("*/config.pbtxt"))
