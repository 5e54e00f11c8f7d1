"""Help lines: who gets which, and a list that is wrong is refused with its place."""

from datetime import date

import pytest

from classifier.labels import LABEL_NAMES, Severity
from serving.help_lines import Country, HelpLinesError, Role, read_help_lines, roles_of
from serving.settings import HELP_LINES

AUTHOR, TARGET, BOTH = [Role.AUTHOR], [Role.TARGET], [Role.AUTHOR, Role.TARGET]


@pytest.fixture(scope="module")
def shipped():
    return read_help_lines(HELP_LINES)


def phones(lines):
    return [line["phone"] for line in lines]


@pytest.mark.parametrize("label", LABEL_NAMES)
def test_self_harm_is_the_author_influence_the_target_and_two_labels_both(label):
    expected = AUTHOR if label.startswith("self_harm/") else TARGET
    if label in ("peer_influence/coercion", "peer_influence/pact"):
        expected = BOTH
    assert roles_of([label]) == expected


def test_labels_of_both_areas_give_both_roles_and_none_gives_none():
    assert roles_of(["peer_influence/incitement", "self_harm/ideation"]) == BOTH
    assert roles_of([]) == []


def test_lines_fit_country_and_severity(shipped):
    ideation = ["self_harm/ideation"]
    assert phones(shipped.for_answer(ideation, Severity.MEDIUM, Country.NL)) == ["113", "0800-0432"]
    assert phones(shipped.for_answer(ideation, Severity.MEDIUM, Country.BE)) == ["1813", "102"]
    assert phones(shipped.for_answer(["self_harm/intent"], Severity.HIGH, Country.NL)) == ["113", "0800-0432", "112"]
    everywhere = shipped.for_answer(["peer_influence/pact"], Severity.HIGH, None)
    assert phones(everywhere) == ["113", "0800-0432", "112", "1813", "102", "112"]
    assert everywhere[0]["for"] == ["author", "target"]
    assert everywhere[0]["other_phone"] == "0800-0113"
    assert shipped.for_answer([], Severity.NONE, None) == []


def test_shipped_list_says_when_it_was_checked(shipped):
    assert date(2026, 11, 1) <= shipped.checked_on <= date.today()


def test_a_line_for_one_role_is_given_for_that_role_only(tmp_path):
    own = tmp_path / "eigen.toml"
    own.write_text(
        'checked_on = 2026-01-02\n[[line]]\nname = "Lijn"\ncountry = "NL"\nphone = "1"\nroles = ["target"]\n'
    )
    lines = read_help_lines(own)
    assert lines.checked_on == date(2026, 1, 2)
    assert lines.for_answer(["self_harm/intent"], Severity.HIGH, None) == []
    assert lines.for_answer(["peer_influence/pact"], Severity.HIGH, None)[0]["for"] == ["target"]


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("checked_on = 2026-01-02\n", "line"),
        ('checked_on = "ooit"\n[[line]]\nname = "a"\ncountry = "NL"\nphone = "1"\nroles = ["target"]\n', "checked_on"),
        (
            'checked_on = 2026-01-02\n[[line]]\nname = "a"\ncountry = "DE"\nphone = "1"\nroles = ["target"]\n',
            "line.0.country",
        ),
        ('checked_on = 2026-01-02\n[[line]]\nname = "a"\ncountry = "NL"\nphone = "1"\nroles = []\n', "line.0.roles"),
        ('checked_on = 2026-01-02\n[[line]]\nname = "a"\ncountry = "NL"\nroles = ["target"]\n', "line.0.phone"),
        ("geen toml", "eigen.toml"),
    ],
)
def test_a_wrong_list_is_refused_with_its_place(tmp_path, content, named):
    own = tmp_path / "eigen.toml"
    own.write_text(content)
    with pytest.raises(HelpLinesError, match=r"eigen\.toml") as refused:
        read_help_lines(own)
    assert named in str(refused.value)
    with pytest.raises(HelpLinesError, match="No such file"):
        read_help_lines(tmp_path / "nergens.toml")
