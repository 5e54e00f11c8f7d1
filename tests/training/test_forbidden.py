import pytest

from training.forbidden import amount_next_to_means, personal_data


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("volg @roos.tekent_94 even", "handle"),
        ("mail maar naar roos@post.nl dan", "e-mail address"),
        ("bel me op 06-12345678", "phone number"),
        ("bel +32 478 12 34 56", "phone number"),
        ("zie https://www.winkel.nl/jas", "link"),
        ("stort op NL91 ABNA 0417164300", "bank account"),
        ("ik woon 1234 AB 12", "postcode with number"),
        ("+32 478 102 334", "phone number"),
        ("06 113 45 678", "phone number"),
        ("06-112-34567", "phone number"),
        ("0800 0113 456", "phone number"),
    ],
)
def test_personal_data_is_named(example, text, name):
    assert name in list(personal_data(example(text).message))
    assert name in list(personal_data(example("oké", text).message))


@pytest.mark.parametrize(
    "text",
    [
        "bel 113 of 0800-0113", "de Kindertelefoon, 0800-0432, of Awel op 102", "@mods kijk even", "kijk https://... maar",
        "zie https://breien.example/sjaal", "om 14.30 in lokaal 204", "het kost 1.250 euro", "score 3-2 en 12 punten",
    ],
)  # fmt: skip
def test_ordinary_talk_and_help_lines_are_not(example, text):
    assert list(personal_data(example(text).message)) == []


@pytest.mark.parametrize(
    "text",
    ["neem dan 20 pillen", "20pillen", "twintig witte pillen", "dertien van die pillen", "500 mg", "pillen x 30"],
)
def test_amounts_next_to_means(example, text):
    assert amount_next_to_means(example(text).message)
    assert amount_next_to_means(example("ja?", text).message)


def test_numbers_elsewhere_are_no_amounts(example):
    assert not amount_next_to_means(example("om 20 uur zijn de pillen van oma").message)
