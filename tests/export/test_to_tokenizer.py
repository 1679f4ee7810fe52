"""Written tokenizers answer as the packages of their text towers do, alone and inside the server."""

from __future__ import annotations

import importlib.util
import json
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tokenizers
from numpy.typing import NDArray
from tokenizers import models, normalizers, pre_tokenizers, processors

from triton_anime_export.errors import WeightsError
from triton_anime_export.to_tokenizer import Kind, write_tokenizer

SENTENCES = ["Fire and  flames!", "a low low light, lower", "LIGHT", "ünïcode ½ 光"]
CAPTIONS = ["fire and flames .", "a LOW light . lowest flame ?", "light. unheardof .", "光 ."]
LETTERS = "abcdefghijklmnopqrstuvwxyz!,.?"

MERGES = [("l", "o"), ("lo", "w</w>"), ("l", "i"), ("f", "i"), ("r", "e</w>"), ("fi", "re</w>"), ("lo", "w")]


def clip_vocabulary() -> dict[str, int]:
    """CLIP's layout, few merges: bytes, bytes that end a word, merges, its two codes where CLIP has them."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    pieces = [*alphabet, *(f"{letter}</w>" for letter in alphabet), *(a + b for a, b in MERGES)]
    vocabulary = {piece: number for number, piece in enumerate(dict.fromkeys(pieces), start=1)}
    return vocabulary | {"<|startoftext|>": 49406, "<|endoftext|>": 49407}


def clip(folder: Path) -> Path:
    """A tokenizer.json as CLIP's checkpoints have it."""
    tokenizer = tokenizers.Tokenizer(
        models.BPE(clip_vocabulary(), MERGES, unk_token="<|endoftext|>", end_of_word_suffix="</w>")
    )
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(tokenizers.Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    words = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(tokenizers.Regex(words), "removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tokenizer.post_processor = processors.RobertaProcessing(
        ("<|endoftext|>", 49407), ("<|startoftext|>", 49406), trim_offsets=False, add_prefix_space=False
    )
    tokenizer.add_special_tokens(["<|startoftext|>", "<|endoftext|>"])
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder / "tokenizer.json"


def bert_vocabulary() -> dict[str, int]:
    """Few pieces, the marks where bert-base-uncased has them."""
    words = ["fire", "and", "flame", "##s", "a", "low", "light", "##est", "un", "##heard", "##of"]
    marks = {"[PAD]": 0, "[UNK]": 100, "[CLS]": 101, "[SEP]": 102, "[MASK]": 103, ".": 1012, "?": 1029}
    return marks | {word: 2000 + number for number, word in enumerate(words)}


def bert(folder: Path) -> Path:
    """A tokenizer.json as BERT's checkpoints have it."""
    tokenizer = tokenizers.Tokenizer(models.WordPiece(bert_vocabulary(), unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 102), ("[CLS]", 101))
    # Published files have their training's limits in them.
    tokenizer.enable_padding(length=20)
    tokenizer.enable_truncation(12)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder / "tokenizer.json"


MAKE: dict[Kind, Callable[[Path], Path]] = {"clip": clip, "bert": bert}


class Refused(Exception):  # noqa: N818
    """What a model answered instead of tokens."""


def loaded(model: Path, longest: int) -> Callable[[list[bytes]], NDArray[np.int32]]:
    """The written model, run as Triton's stub runs it, without a server."""
    utils: Any = types.ModuleType("triton_python_backend_utils")
    tensor = types.SimpleNamespace
    utils.TritonModelException = Refused
    utils.TritonError = lambda message: message
    utils.Tensor = lambda name, value: tensor(name=name, value=value)
    utils.InferenceResponse = lambda output_tensors=None, error=None: tensor(t=output_tensors, error=error)
    utils.get_input_tensor_by_name = lambda request, name: tensor(as_numpy=lambda: request[name])
    sys.modules["triton_python_backend_utils"] = utils
    try:
        spec = importlib.util.spec_from_file_location(f"_{model.name}", model / "1" / "model.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        del sys.modules["triton_python_backend_utils"]
    python = module.TritonPythonModel()
    config = {"parameters": {"longest": {"string_value": str(longest)}}}
    python.initialize({"model_name": model.name, "model_config": json.dumps(config)})

    def ask(text: list[bytes]) -> NDArray[np.int32]:
        (response,) = python.execute([{"TEXT": np.array(text, object)}])
        if response.error is not None:
            raise Refused(response.error)
        (answer,) = response.t
        assert answer.name == "TOKENS"
        assert answer.value.dtype == np.int32
        return answer.value

    return ask


def written(folder: Path, kind: Kind) -> Path:
    return write_tokenizer(folder / "repository", f"{kind}_tokenizer", MAKE[kind](folder), kind)


def unpadded(rows: NDArray[np.int32]) -> list[list[int]]:
    return [[int(token) for token in row if token] for row in rows]


def test_clip_tokens_are_those_of_its_package(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers", reason="needs the extra triton-anime[export]")
    package = transformers.CLIPTokenizer(vocab=clip_vocabulary(), merges=MERGES)
    ask = loaded(written(tmp_path, "clip"), 77)
    rows = ask([sentence.encode() for sentence in SENTENCES])
    wanted = [package(sentence)["input_ids"] for sentence in SENTENCES]
    assert unpadded(rows) == wanted
    assert rows.shape == (len(SENTENCES), max(map(len, wanted)))
    assert (rows[:, 0] == 49406).all()
    # Padding comes after the end, and nothing comes after padding.
    for row, said in zip(rows, wanted, strict=True):
        assert row[len(said) - 1] == 49407
        assert not row[len(said) :].any()
    assert len(set(map(len, wanted))) > 1


def test_bert_tokens_are_those_of_its_package(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers", reason="needs the extra triton-anime[export]")
    package = transformers.BertTokenizer(vocab=bert_vocabulary())
    ask = loaded(written(tmp_path, "bert"), 256)
    rows = ask([sentence.encode() for sentence in CAPTIONS])
    assert unpadded(rows) == [package(sentence)["input_ids"] for sentence in CAPTIONS]
    assert unpadded(rows)[1] == [101, 2004, 2005, 2006, 1012, 2005, 2007, 2002, 1029, 102]


@pytest.mark.parametrize(("kind", "longest", "last"), [("clip", 77, 49407), ("bert", 256, 102)])
def test_long_sentences_are_cut_and_end_properly(tmp_path: Path, kind: Kind, longest: int, last: int) -> None:
    ask = loaded(written(tmp_path, kind), longest)
    rows = ask([b"light " * 400, b"low"])
    assert rows.shape == (2, longest)
    assert rows[0, -1] == last


def test_what_is_no_sentence_is_named(tmp_path: Path) -> None:
    ask = loaded(written(tmp_path, "clip"), 77)
    with pytest.raises(Refused, match=r"^TEXT\[1\] is not UTF-8; encode sentences as UTF-8$"):
        ask([b"fire", b"\xff\xfe"])
    with pytest.raises(Refused, match=r"^TEXT\[0\] is blank; leave out"):
        ask([b"  \n", b"fire"])
    with pytest.raises(Refused, match=r"^TEXT is empty; send one sentence or more$"):
        ask([])


def test_a_server_without_the_package_or_the_vocabulary_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = written(tmp_path, "bert")
    with monkeypatch.context() as patched:
        patched.setitem(sys.modules, "tokenizers", None)
        with pytest.raises(Refused, match=r"^bert_tokenizer needs the package tokenizers; install it: pip"):
            loaded(model, 256)
    (model / "1" / "tokenizer.json").unlink()
    with pytest.raises(Refused, match=r"tokenizer\.json is missing; write the model folder again"):
        loaded(model, 256)


def test_another_vocabulary_is_refused(tmp_path: Path) -> None:
    path = bert(tmp_path)
    with pytest.raises(WeightsError, match=r"not the vocabulary of clip: sentences do not begin with 49406"):
        write_tokenizer(tmp_path / "repository", "clip_tokenizer", path, "clip")
    assert not (tmp_path / "repository").exists()
    cased = json.loads(path.read_text("utf-8"))
    cased["normalizer"]["lowercase"] = False
    cased["model"]["vocab"]["?"] = 7
    path.write_text(json.dumps(cased), "utf-8")
    with pytest.raises(WeightsError, match=r"it keeps capitals, the id of '\?' is not 1029; take tokenizer"):
        write_tokenizer(tmp_path / "repository", "bert_tokenizer", path, "bert")
    path.write_text("{}", "utf-8")
    with pytest.raises(WeightsError, match="is not a vocabulary of the tokenizers package") as caught:
        write_tokenizer(tmp_path / "repository", "bert_tokenizer", path, "bert")
    assert "\n" not in str(caught.value)
    with pytest.raises(WeightsError, match=r"does not exist; take tokenizer\.json of openai/clip"):
        write_tokenizer(tmp_path / "repository", "clip_tokenizer", tmp_path / "absent.json", "clip")


@pytest.mark.triton
def test_the_server_loads_and_answers(tmp_path: Path) -> None:
    pytest.importorskip("pytriton", reason="needs the extra triton-anime[local]")
    from triton_anime.embedded import EmbeddedServer
    from triton_anime.errors import ServerError

    for kind in MAKE:
        written(tmp_path, kind)
    with EmbeddedServer(repositories=[tmp_path / "repository"]) as embedded:
        text = np.array([b"fire and flames .", b"low ."], object)
        tokens = embedded.server.infer("bert_tokenizer", {"TEXT": text})["TOKENS"]
        assert tokens.tolist() == [[101, 2000, 2001, 2002, 2003, 1012, 102], [101, 2005, 1012, 102, 0, 0, 0]]
        codes = embedded.server.infer("clip_tokenizer", {"TEXT": text})["TOKENS"]
        assert codes.dtype == np.int32
        assert (codes[:, 0] == 49406).all()
        with pytest.raises(ServerError, match=r"TEXT\[1\] is not UTF-8"):
            embedded.server.infer("bert_tokenizer", {"TEXT": np.array([b"fire", b"\xff"], object)})
