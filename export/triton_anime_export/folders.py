"""Where the generated files live."""

from __future__ import annotations

from pathlib import Path

from triton_anime_export.errors import ExportError
from triton_anime_export.network import Network

CHECKOUT = Path(__file__).resolve().parents[2]


def model_repository() -> Path:
    """``model_repository/`` of the checkout.

    Raises:
        ExportError: the package runs from an installed wheel, where generated files are not kept.
    """
    folder = CHECKOUT / "model_repository"
    if not folder.is_dir():
        raise ExportError("model_repository/ is not beside the package; run from a checkout or give --output")
    return folder


def model_folder(network: Network, repository: Path | None = None) -> Path:
    """The folder Triton reads ``network`` from."""
    return (repository or model_repository()) / network.name


def onnx_file(network: Network, repository: Path | None = None) -> Path:
    """The one file with weights."""
    return model_folder(network, repository) / "1" / "model.onnx"


def pages() -> Path:
    """Cards of networks without committed weights, which have no model folder."""
    return CHECKOUT / "docs" / "networks"


def card_file(network: Network) -> Path:
    """Where the card of ``network`` stands."""
    return model_folder(network) / "README.md" if is_served(network) else pages() / f"{network.name}.md"


def is_served(network: Network) -> bool:
    """Whether the repository holds weights for ``network``: descriptions without weights are not served."""
    return onnx_file(network).is_file()
