"""Where the video networks' checkpoints are, under which licence, and that files laid out as theirs are read.

Addresses and layouts are those of the authors' repositories; that the files behind them are as said was not
tried, for want of a network.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from triton_anime_export.download import cached, direct
from triton_anime_export.network import Network, StateDict
from triton_anime_export.networks import find, find_all
from triton_anime_export.weights import fitted

DRIVE = "https://drive.google.com/file/d/"
DROPBOX = "https://dl.dropboxusercontent.com/s/4j4z58wuv8o0mfz/models.zip"
GMA = "https://github.com/zacjiang/GMA/raw/2f1fd29468a86a354d44dd25d107930b3f175043/checkpoints/"
PROPAINTER = "https://github.com/sczhou/ProPainter/releases/download/v0.1.0/"

FILES = {
    "raft": [
        (f"{DRIVE}1MqDajR89k-xLV0HIrmJ0k-n8ZpG6_suM", ""),
        (DROPBOX, "raft-sintel.pth"),
        (DROPBOX, "raft-kitti.pth"),
    ],
    "raft_small": [(DROPBOX, "raft-small.pth")],
    "gma": [(f"{GMA}gma-{name}.pth", "") for name in ("things", "sintel", "kitti", "chairs")],
    "xmem_encode": [("https://github.com/hkchengrex/XMem/releases/download/v1.0/XMem.pth", "")],
    "deaot_encode": [
        (f"{DRIVE}1QoChMkTVxdYZ_eBlZhK2acq9KMQZccPJ", ""),
        (f"{DRIVE}18elNz_wi9JyVBcIUYKhRdL08MA-FqHD5", ""),
        (f"{DRIVE}1ThWIZQS03cYWx1EKNN8MIMnJS5eRowzr", ""),
    ],
    "propainter_complete": [(f"{PROPAINTER}recurrent_flow_completion.pth", "")],
    "propainter_propagate": [(f"{PROPAINTER}ProPainter.pth", "")],
    "propainter_generate": [(f"{PROPAINTER}ProPainter.pth", "")],
    "e2fgvi_hq": [(f"{DRIVE}10wGdKSUOie0XmCr8SQ2A2FeDe-mfn5w3", "")],
    "sttn": [(f"{DRIVE}1ZAMV8547wmZylKRt5qR_tC5VlosXD4Wv", "")],
}
LICENCES = {
    "raft": ("BSD-3-Clause", True),
    "raft_small": ("BSD-3-Clause", True),
    "gma": ("WTFPL", True),
    "xmem": ("MIT", True),
    "deaot": ("BSD-3-Clause", True),
    "propainter": ("S-Lab License 1.0 (non-commercial)", False),
    "e2fgvi_hq": ("CC-BY-NC-4.0", False),
    "sttn": ("MIT", True),
}


@pytest.mark.parametrize("name", FILES)
def test_where_the_authors_offer_them(name: str) -> None:
    network = find(name)
    assert [(weights.url, weights.member) for weights in network.official] == FILES[name]
    # Two checkpoints of one network never share a place in the cache.
    places = [cached(network, weights) for weights in network.official]
    assert len(set(places)) == len(places)
    assert all("/file/d/" not in direct(weights.url) for weights in network.official)


@pytest.mark.parametrize("name", LICENCES)
def test_under_which_licence(name: str) -> None:
    for network in find_all(name):
        said = {(weights.licence, weights.commercial) for weights in network.official}
        assert said == {LICENCES[name]}


def bare(state: StateDict) -> Any:
    return state


def parallel(state: StateDict) -> Any:
    return {f"module.{key}": value for key, value in state.items()}


def generator(state: StateDict) -> Any:
    return {"netG": state}


def under_state_dict(state: StateDict) -> Any:
    return {"state_dict": parallel(state)}


@pytest.mark.parametrize(
    ("name", "layout"),
    [
        ("raft", parallel),
        ("raft_small", parallel),
        ("gma", parallel),
        ("xmem_encode", bare),
        ("deaot_propagate", bare),
        ("deaot_propagate", under_state_dict),
        ("propainter_complete", bare),
        ("propainter_generate", bare),
        ("propainter_propagate", bare),
        ("e2fgvi_hq", bare),
        ("sttn", generator),
    ],
)
def test_a_file_laid_out_as_the_authors_is_read(
    name: str, layout: Callable[[StateDict], Any], tmp_path: Path
) -> None:
    """Every key of the published size, each tensor holding one number that is its own."""
    network: Network = find(name)
    with torch.device("meta"):
        wanted = network.build("full").get_submodule("core").state_dict()
    state = {
        # An expanded scalar is stored as one number.
        key: torch.tensor(index).to(value.dtype).expand(value.shape)
        for index, (key, value) in enumerate(wanted.items())
    }
    torch.save(layout(state), tmp_path / "official.pth")
    found = fitted(network, "full", tmp_path / "official.pth")
    if name == "propainter_propagate":  # it has no weights, whatever is in its file
        assert not found
        return
    assert found.keys() == state.keys()
    assert all(torch.equal(found[key].flatten()[:1], state[key].flatten()[:1]) for key in state)
