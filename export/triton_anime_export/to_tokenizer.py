"""Model folders that turn sentences into tokens: the server has the vocabulary and no client needs it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Literal

from tokenizers import Tokenizer

from triton_anime_export.errors import WeightsError

Kind = Literal["clip", "bert"]


@dataclass(frozen=True)
class Convention:
    """What a text tower expects of its tokens.

    Attributes:
        first, last: ids that every sentence begins and ends with.
        longest: tokens of one sentence at most, those two included.
        pieces: ids that tokens of the text have, by the token.
        source: a repository with such a ``tokenizer.json``.
    """

    first: int
    last: int
    longest: int
    pieces: Mapping[str, int]
    source: str


CONVENTIONS: dict[Kind, Convention] = {
    "clip": Convention(49406, 49407, 77, {}, "openai/clip-vit-base-patch16"),
    "bert": Convention(101, 102, 256, {".": 1012, "?": 1029}, "IDEA-Research/grounding-dino-tiny"),
}
"""CLIP's byte-pair codes (Radford et al. 2021), and bert-base-uncased as Grounding DINO reads it."""

_CONFIG = """\
# Written by triton-anime-export; the vocabulary is 1/tokenizer.json.
name: "{name}"
backend: "python"
max_batch_size: 0
input [
  {{ name: "TEXT" data_type: TYPE_STRING dims: [ -1 ] }}
]
output [
  {{ name: "TOKENS" data_type: TYPE_INT32 dims: [ -1, -1 ] }}
]
instance_group [ {{ kind: KIND_CPU count: 1 }} ]
parameters {{ key: "role" value {{ string_value: "tokens of sentences" }} }}
parameters {{ key: "longest" value {{ string_value: "{longest}" }} }}
"""


def write_tokenizer(folder: Path, name: str, vocabulary: Path, kind: Kind) -> Path:
    """Write a model that answers TEXT STRING [P] with TOKENS INT32 [P,N], padded with 0.

    Args:
        folder: model repository.
        name: of the model: ``clip_tokenizer`` or ``bert_tokenizer``.
        vocabulary: ``tokenizer.json``, as the ``tokenizers`` package saves it.
        kind: the text tower that the tokens are for.

    Returns:
        The model's folder, with ``config.pbtxt``, ``1/model.py`` and ``1/tokenizer.json``.

    Raises:
        WeightsError: the vocabulary is missing, cannot be read, or is not that text tower's.
    """
    convention = CONVENTIONS[kind]
    _check(vocabulary, kind, convention)
    model = folder / name
    (model / "1").mkdir(parents=True, exist_ok=True)
    shutil.copyfile(vocabulary, model / "1" / "tokenizer.json")
    source = files("triton_anime_export.serving") / "tokenizer_model.py"
    (model / "1" / "model.py").write_text(source.read_text("utf-8"), "utf-8")
    (model / "config.pbtxt").write_text(_CONFIG.format(name=name, longest=convention.longest), "utf-8")
    return model


def _check(vocabulary: Path, kind: Kind, convention: Convention) -> None:
    """A text tower answers foreign tokens too, with nonsense: so these are looked at first."""
    remedy = f"take tokenizer.json of {convention.source}"
    if not vocabulary.is_file():
        raise WeightsError(f"{vocabulary} does not exist; {remedy}")
    try:
        tokenizer = Tokenizer.from_file(str(vocabulary))
    except Exception as error:  # the package raises nothing narrower
        raise WeightsError(f"{vocabulary} is not a vocabulary of the tokenizers package; {remedy}") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    ids = tokenizer.encode("A a").ids
    wrong = []
    if len(ids) < 3 or (ids[0], ids[-1]) != (convention.first, convention.last):
        wrong.append(f"sentences do not begin with {convention.first} and end with {convention.last}")
    elif ids != tokenizer.encode("a A").ids:
        wrong.append("it keeps capitals")
    wrong += [
        f"the id of {piece!r} is not {number}"
        for piece, number in convention.pieces.items()
        if tokenizer.token_to_id(piece) != number
    ]
    if wrong:
        raise WeightsError(f"{vocabulary} is not the vocabulary of {kind}: {', '.join(wrong)}; {remedy}")
