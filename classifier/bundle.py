"""A model bundle: one folder whose manifest names every file with its length and SHA-256.

The manifest is written last, so a folder with a manifest is complete. Files are read once, and what was verified is
what is used.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from classifier import normalise
from classifier.errors import BundleError, BundleMismatch, BundleMissing, BundleTampered, BundleTruncated
from classifier.labels import LABEL_NAMES

FORMAT = 1
MANIFEST = "manifest.json"
RUNTIME_FILES = ("model.onnx", "tokenizer.json", "calibration.json", "policy.json")
"""Files that predicting needs; a manifest may name more."""

_VERSIONED = re.compile(r".+-(\d+)\.(\d+)\.(\d+)")


@dataclass(frozen=True)
class Bundle:
    """A verified bundle in memory.

    Attributes:
        folder: Where it was read from.
        manifest: The parsed manifest.
        files: Content of every file that the manifest names.
    """

    folder: Path
    manifest: Mapping[str, Any]
    files: Mapping[str, bytes]

    @property
    def name(self) -> str:
        """Name and version, such as ``vangnet-0.1.0``."""
        return f"{self.manifest['name']}-{self.manifest['version']}"

    def json(self, file: str) -> Any:
        """Parse one of the bundle's JSON files.

        Raises:
            BundleMismatch: The file is not JSON.
        """
        return _parse(self.files[file], file)


def read_bundle(folder: str | Path) -> Bundle:
    """Read and verify a bundle.

    Raises:
        BundleMissing: The folder, its manifest or a file is not there.
        BundleTruncated: A file's length differs from the manifest's.
        BundleTampered: A file's SHA-256 differs from the manifest's.
        BundleMismatch: The manifest is malformed, of another format, or for other labels or another normaliser.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise BundleMissing(f"{folder}: no such folder")
    if not (folder / MANIFEST).is_file():
        raise BundleMissing(f"{folder}: has no {MANIFEST}; the bundle is incomplete")
    manifest = _parse((folder / MANIFEST).read_bytes(), MANIFEST)
    _check_manifest(manifest)
    files = {name: _read_verified(folder / name, facts) for name, facts in manifest["files"].items()}
    return Bundle(folder, manifest, files)


def write_manifest(folder: Path, manifest: Mapping[str, Any], files: tuple[str, ...]) -> None:
    """Hash the named files of a finished bundle and write the manifest, in one step, as the last file."""
    facts = {}
    for name in files:
        content = (folder / name).read_bytes()
        facts[name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    text = json.dumps({"format": FORMAT, **manifest, "files": facts}, indent=2, ensure_ascii=False)
    partial = folder / (MANIFEST + ".partial")
    partial.write_text(text + "\n", encoding="utf-8")
    partial.replace(folder / MANIFEST)


def latest_bundle(models: str | Path) -> Path:
    """The folder with the highest version (``<name>-<major>.<minor>.<patch>``) that has a manifest.

    Raises:
        BundleMissing: There is none.
    """
    found = []
    for manifest in Path(models).glob(f"*/{MANIFEST}"):
        if match := _VERSIONED.fullmatch(manifest.parent.name):
            found.append((tuple(int(part) for part in match.groups()), manifest.parent))
    if not found:
        raise BundleMissing(f"{Path(models).resolve()}: holds no model bundle")
    return max(found)[1]


def _check_manifest(manifest: Any) -> None:
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise BundleMismatch(f"{MANIFEST}: is not of format {FORMAT}, which this version of Vangnet reads")
    if missing := {"name", "version", "labels", "normaliser", "encoding", "files", "self_test"} - set(manifest):
        raise BundleMismatch(f"{MANIFEST}: lacks {', '.join(sorted(missing))}")
    if manifest["labels"] != list(LABEL_NAMES):
        raise BundleMismatch(f"{MANIFEST}: names other labels, or in another order, than this version of Vangnet")
    if manifest["normaliser"] != normalise.VERSION:
        raise BundleMismatch(
            f"{MANIFEST}: needs normaliser {manifest['normaliser']}, this version of Vangnet has {normalise.VERSION}"
        )
    files = manifest["files"]
    if not isinstance(files, dict) or not set(RUNTIME_FILES) <= set(files):
        raise BundleMismatch(f"{MANIFEST}: files must name {', '.join(RUNTIME_FILES)}")
    if any(Path(name).name != name for name in files):
        raise BundleMismatch(f"{MANIFEST}: a file name leaves the bundle's folder")


def _read_verified(path: Path, facts: Any) -> bytes:
    if not isinstance(facts, dict) or not {"bytes", "sha256"} <= set(facts):
        raise BundleMismatch(f"{MANIFEST}: {path.name} has no length and SHA-256")
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise BundleMissing(f"{path}: is named by the manifest and is not there") from None
    except OSError as error:
        raise BundleError(f"{path}: cannot be read ({error.strerror})") from None
    if len(content) != facts["bytes"]:
        raise BundleTruncated(f"{path}: has {len(content)} bytes, the manifest says {facts['bytes']}")
    if hashlib.sha256(content).hexdigest() != facts["sha256"]:
        raise BundleTampered(f"{path}: its SHA-256 differs from the manifest's")
    return content


def _parse(content: bytes, name: str) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        raise BundleMismatch(f"{name}: is not JSON") from None
