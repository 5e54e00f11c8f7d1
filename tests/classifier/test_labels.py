from pathlib import Path

from classifier.labels import HIGH_SEVERITY, LABEL_NAMES, LABELS, Area, Severity, area_columns

GUIDE = Path(__file__).parents[2] / "docs" / "labelling-guide.md"


def test_eleven_labels_in_two_areas():
    assert len(set(LABEL_NAMES)) == 11
    assert area_columns(Area.SELF_HARM) + area_columns(Area.PEER_INFLUENCE) == list(range(11))


def test_the_guide_names_every_label_in_order_with_its_severity():
    guide = GUIDE.read_text(encoding="utf-8")
    positions = [guide.index(f"| `{name}` |") for name in LABEL_NAMES]
    assert positions == sorted(positions)
    for severity in (Severity.HIGH, Severity.MEDIUM, Severity.LOW):
        row = next(line for line in guide.splitlines() if line.startswith(f"| {severity} |"))
        assert {label.key for label in LABELS if label.severity is severity} == {
            part.strip(" `|") for part in row.split("|")[2].split(",")
        }


def test_high_severity_is_what_may_escalate():
    assert set(HIGH_SEVERITY) == {"self_harm/intent", "peer_influence/incitement", "peer_influence/pact"}
    assert Severity.NONE.rank < Severity.LOW.rank < Severity.MEDIUM.rank < Severity.HIGH.rank
