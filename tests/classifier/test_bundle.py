import hashlib
import json
import shutil

import pytest

from classifier import Classifier, latest_bundle
from classifier.bundle import read_bundle
from classifier.errors import BundleMismatch, BundleMissing, BundleTampered, BundleTruncated


@pytest.fixture
def copy(bundle_folder, tmp_path):
    return shutil.copytree(bundle_folder, tmp_path / bundle_folder.name)


def edit(folder, file, change):
    """Change a JSON file and, unless it is the manifest, its checksum, so that only the content is wrong."""
    content = json.loads((folder / file).read_text(encoding="utf-8"))
    change(content)
    write(folder, file, json.dumps(content).encode())


def write(folder, file, content):
    (folder / file).write_bytes(content)
    if file != "manifest.json":
        facts = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        edit(folder, "manifest.json", lambda manifest: manifest["files"].update({file: facts}))


def test_shipped_bundle_is_whole_and_small(bundle_folder):
    bundle = read_bundle(bundle_folder)
    assert bundle.name == bundle_folder.name
    assert sum(len(content) for content in bundle.files.values()) < 48_000_000
    assert {"parity.json", "NOTICE"} <= set(bundle.files)


def test_missing(copy, tmp_path):
    with pytest.raises(BundleMissing, match="no such folder"):
        read_bundle(tmp_path / "nothing")
    (copy / "tokenizer.json").unlink()
    with pytest.raises(BundleMissing, match=r"tokenizer\.json"):
        read_bundle(copy)
    (copy / "manifest.json").unlink()
    with pytest.raises(BundleMissing, match=r"manifest\.json"):
        read_bundle(copy)


def test_truncated(copy):
    content = (copy / "model.onnx").read_bytes()
    (copy / "model.onnx").write_bytes(content[:-1])
    with pytest.raises(BundleTruncated, match=r"model\.onnx.*the manifest says"):
        read_bundle(copy)


def test_tampered(copy):
    content = bytearray((copy / "model.onnx").read_bytes())
    content[len(content) // 2] ^= 1
    (copy / "model.onnx").write_bytes(bytes(content))
    with pytest.raises(BundleTampered, match=r"model\.onnx"):
        read_bundle(copy)


@pytest.mark.parametrize(
    ("file", "change", "named"),
    [
        ("manifest.json", lambda one: one.update(format=99), "format 1"),
        ("manifest.json", lambda one: one.update(normaliser="0"), "needs normaliser 0"),
        ("manifest.json", lambda one: one["labels"].reverse(), "other labels"),
        ("manifest.json", lambda one: one.update(labels=5), "other labels"),
        ("manifest.json", lambda one: one["files"].pop("policy.json"), r"must name .*policy\.json"),
        ("manifest.json", lambda one: one["files"].update({"../x": {"bytes": 1, "sha256": ""}}), "leaves the bundle"),
        ("manifest.json", lambda one: one["files"].update({"model.onnx": 5}), r"model\.onnx has no length"),
        ("manifest.json", lambda one: one.pop("encoding"), "lacks encoding"),
        ("manifest.json", lambda one: one["encoding"].update(stride=4), "stride"),
        ("calibration.json", lambda one: one["labels"].pop("self_harm/intent"), "other labels"),
        ("policy.json", lambda one: one["labels"].pop("self_harm/intent"), "self_harm/intent"),
        ("policy.json", lambda one: one.update(model="vangnet-9.9.9"), r"made for vangnet-9\.9\.9"),
        ("tokenizer.json", lambda one: one.pop("model"), r"tokenizer\.json"),
    ],
)
def test_parts_that_do_not_fit_are_named(copy, file, change, named):
    edit(copy, file, change)
    with pytest.raises(BundleMismatch, match=named):
        Classifier.load(copy)


@pytest.mark.parametrize("file", ["manifest.json", "calibration.json", "model.onnx"])
def test_not_what_it_should_be(copy, file):
    write(copy, file, b"{")
    with pytest.raises(BundleMismatch, match=file):
        Classifier.load(copy)


def test_latest_is_by_number_and_only_complete(tmp_path):
    for name in ("vangnet-0.9.0", "vangnet-0.10.0", "vangnet-1.0.0", "notes"):
        (tmp_path / name).mkdir()
    with pytest.raises(BundleMissing, match="holds no model bundle"):
        latest_bundle(tmp_path)
    for name in ("vangnet-0.9.0", "vangnet-0.10.0", "notes"):
        (tmp_path / name / "manifest.json").write_text("{}")
    assert latest_bundle(tmp_path).name == "vangnet-0.10.0"
