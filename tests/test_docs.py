"""What the documentation says of labels, settings, endpoints and limits is what the code has."""

from pathlib import Path

from classifier.labels import LABELS
from classifier.message import MAX_CONTEXT, MAX_TEXT
from serving.app import create_app
from serving.metrics import Metrics
from serving.settings import MAX_BODY, Settings

ROOT = Path(__file__).parent.parent
API = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")


def test_readme_table_is_the_label_table():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for label in LABELS:
        assert f"| `{label.area}` | `{label.name}` | {label.severity} | {label.nl} |" in readme


def test_every_endpoint_and_limit_is_documented(classifier):
    for path in create_app(Settings(), classifier).openapi()["paths"]:
        assert path in API
    for limit in (f"{MAX_TEXT:,}", f"{MAX_BODY:,}", f"at most {MAX_CONTEXT} messages"):
        assert limit in API


def test_every_metric_is_documented(classifier):
    families = [family.name for family in Metrics(classifier).registry.collect() if family.name.startswith("vangnet_")]
    assert len(families) > 15
    for name in families:
        assert f"`{name}" in API


def test_shipped_card_is_rendered_for_the_shipped_bundle(bundle_folder):
    card = (bundle_folder / "README.md").read_text(encoding="utf-8")
    assert card.startswith(f"# {bundle_folder.name}\n")
    assert "On written examples; recall on real messages is unknown until you measure it." in card
    assert f"models/{bundle_folder.name}/README.md" in (ROOT / "README.md").read_text(encoding="utf-8")
