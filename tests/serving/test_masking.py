"""Masking: a table of cases for each kind, what must stay readable, and figures in the documentation that are measured."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from serving.help_lines import read_help_lines
from serving.masking import mask
from serving.masking_check import BLIND, DEVELOPMENT, KINDS, WITHOUT, check, kept_characters, table, wilson
from serving.settings import HELP_LINES

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "masking.md"
PIECES = [
    *(
        "ik ben ",
        "Jan",
        "jan",
        " uit ",
        "gent",
        "van ",
        "Kerkstraat 1",
        "1234ab",
        "[naam]",
        "[adres]",
        "https://",
        "113.nl",
    ),
    *(
        "bsn ",
        "snap ",
        "nul ",
        "een ",
        "06-12345678",
        "geboren ",
        "1 mei ",
        "@",
        "a.b",
        "#1234",
        "\n",
        ". ",
        "'s ",
        "é",
    ),
]
CASES = {
    "email": [
        ("mail sanne.v+x@mail.example.org.", "mail [e-mail]."),
        ("emma (at) example.org", "[e-mail]"),
        ("joost punt smit apenstaartje example punt org", "[e-mail]"),
    ],
    "link": [
        ("zie https://example.org/u/x?y=1, ok", "zie [link], ok"),
        ("www.example.org!", "[link]!"),
        ("example.org/profiel is leuk", "[link] is leuk"),
        ("ik heb het bij bol.com besteld", None),
        ("https://113.nl.example.org/x", "[link]"),
    ],
    "account": [
        ("volg @noor.dances.", "volg [account]."),
        ("add noor#1234", "add [account]"),
        ("mijn snap is lotje2008", "mijn snap is [account]"),
        ("insta: itz_fenna", "insta: [account]"),
        ("@iedereen morgen om 8 uur", None),
        ("snap je wat ik bedoel", None),
        ("ik ben om 8 uur @ huis", None),
    ],
    "iban": [
        ("NL91 ABNA 0417 1643 00 alvast", "[iban] alvast"),
        ("be68539007547034", "[iban]"),
        ("mijn model is AB12 345", None),
    ],
    "bsn": [
        ("mijn bsn is 9999 90 019", "mijn bsn is [bsn]"),
        ("rrn 85073003328", "rrn [bsn]"),
        ("85.07.30-033.28", "[bsn]"),
        ("mijn bestelling is 999990019", None),
    ],
    "date of birth": [
        ("geboren op 12-03-2009", "geboren op [geboortedatum]"),
        ("jarig op 23 november", "jarig op [geboortedatum]"),
        ("ik ben van 12 april 2006", "ik ben van [geboortedatum]"),
        ("toets op 12-03-2026", None),
        ("ik ben van 12 april tot 3 mei weg", None),
    ],
    "phone": [
        ("06-12345678", "[telefoon]"),
        ("bel +31(0)6 12 34 56 78.", "bel [telefoon]."),
        ("0400/12.34.56", "[telefoon]"),
        ("(06) 12345678", "[telefoon]"),
        ("nul zes een twee drie vier vijf zes zeven acht", "[telefoon]"),
        ("05-03-2026 10:15", None),
        ("bestelling 20458891", None),
        ("nul komma vijf", None),
    ],
    "address": [
        ("Lindelaan 14 in Deventer", "[adres] in [adres]"),
        ("Lindelaan 14b, 1234 AB Zwolle", "[adres] [adres]"),
        ("Beukenlaan 5, 9999 Voorbeeldegem", "[adres]"),
        ("prins van goghlaan 27 bus 3", "prins van [adres]"),
        ("in de rozenstraat", "in de [adres]"),
        ("huisnummer 9", "huisnummer [adres]"),
        ("ik woon al jaren in gent en", "ik woon al jaren in [adres] en"),
        ("15 jaar uit Zwolle", "15 jaar uit [adres]"),
        ("onderweg 5 minuten", None),
        ("voetbalplein 3 uur geleden", None),
        ("we gaan shoppen in Antwerpen", None),
        ("sinds 2020 is het rustig", None),
    ],
    "school and work": [
        ("op het Waterkant Lyceum", "op het [school]"),
        ("het korenveldcollege is saai", "het [school] is saai"),
        ("Hogeschool Voorbeeldstad", "[school]"),
        ("ik werk bij Bakkerij Van Dam", "ik werk bij [werk]"),
        ("stage bij zorgcentrum de brem", "stage bij [werk]"),
        ("ik heb college om 9 uur", None),
        ("ik werk bij mijn oom", None),
    ],
    "name in the lists": [
        ("sanne en Daan zijn er", "[naam] en [naam] zijn er"),
        ("Pieter van der Berg belde", "[naam] belde"),
        ("rita janssens belde", "[naam] belde"),
        ("Jasmijns moeder, Lisa's fiets", "[naam] moeder, [naam] fiets"),
        ("Jan-Willem", "[naam]"),
        ("ik heb pijn in mijn pols", None),
        ("praat niet zo over ana en mia", None),
        ("ik speel elke dag bas in het bos", None),
        ("even naar de albert heijn", None),
    ],
    "name by its place": [
        ("ik heet Xandrix", "ik heet [naam]"),
        ("hoi Roos", "hoi [naam]"),
        ("mevrouw De Jong belde", "mevrouw [naam] belde"),
        ("mijn mentor van dijk", "mijn mentor [naam]"),
        ("groetjes,\nXandrix", "groetjes,\n[naam]"),
        ("tnv D. Jansen", "tnv [naam]"),
        ("Ik ben Nederlands", None),
        ("een roos is rood", None),
        ("Dag Iedereen", None),
    ],
}


@pytest.mark.parametrize(("text", "expected"), [case for cases in CASES.values() for case in cases])
def test_each_rule_masks_what_it_should_and_leaves_what_is_alike(text, expected):
    assert mask(text) == (text if expected is None else expected)


def test_shipped_help_lines_stay_readable():
    for line in read_help_lines(HELP_LINES).line:
        for said in filter(None, (line.phone, line.other_phone, line.url)):
            text = f"{line.name}: {said}."
            assert mask(text) == text


def test_help_lines_as_people_write_them_stay_readable():
    text = "bel 113, 0800-0113, 0800 0432, 1813, 102 of 112; of kijk op 113.nl/chat of www.zelfmoord1813.be"
    assert mask(text) == text


@settings(deadline=None)
@given(st.text() | st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_any_text_is_masked_and_masking_again_changes_nothing(text):
    masked = mask(text)
    assert mask(masked) == masked


@settings(deadline=None)
@given(st.text(alphabet="bcdfghklmprtvwxz ?!,\n"))
def test_text_without_vowels_capitals_and_digits_holds_nothing_personal(text):
    assert mask(text) == text


def test_a_text_made_to_need_many_rounds_ends():
    masked = mask("werk bij A" * 60)
    assert masked.count("[werk]") == 20


def test_kept_characters_are_those_between_the_tags():
    kept = kept_characters("ik ben Jan en jan", "ik ben [naam] en [naam]")
    assert [at for at, stays in enumerate(kept) if not stays] == [7, 8, 9, 14, 15, 16]
    with pytest.raises(ValueError, match="not the text with parts replaced"):
        kept_characters("hallo", "dag [naam]")


@pytest.mark.parametrize("file", [BLIND, DEVELOPMENT])
def test_marked_messages_are_sane(file):
    messages = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert len(messages) == len({message["text"] for message in messages}) == 300
    assert sum(not message["spans"] for message in messages) == 100
    for message in messages:
        end = 0
        for span in message["spans"]:
            assert span["kind"] in KINDS
            assert end <= span["start"] < span["end"] <= len(message["text"])
            marked = message["text"][span["start"] : span["end"]]
            assert marked == marked.strip()
            assert any(character.isalnum() for character in marked)
            end = span["end"]


def test_check_counts_by_kind_what_a_masker_misses(tmp_path):
    path = tmp_path / "berichten.jsonl"
    spans = [{"start": 0, "end": 3, "kind": "name"}, {"start": 7, "end": 12, "kind": "name"}]
    path.write_text(json.dumps({"text": "Jan en Sanne", "spans": spans}) + "\n" + '{"text": "hoi", "spans": []}\n')
    rows = {row.kind: (row.total, row.wrong) for row in check(path, lambda text: text.replace("Sanne", "[naam]"))}
    assert rows == dict.fromkeys(KINDS, (0, 0)) | {"name": (2, 1), "all": (2, 1), WITHOUT: (1, 0)}
    rows = {row.kind: (row.total, row.wrong) for row in check(path, lambda text: "[naam]")}
    assert rows["name"] == (2, 0)
    assert rows[WITHOUT] == (1, 1)


@pytest.mark.parametrize(
    "line",
    [
        "geheim",
        "[]",
        '{"text": "geheim"}',
        '{"text": "geheim", "spans": [{"start": 0, "end": 9, "kind": "name"}]}',
        '{"text": "geheim", "spans": [{"start": 0, "end": 1, "kind": "iets"}]}',
    ],
)
def test_a_wrong_line_is_named_without_its_text(tmp_path, line):
    path = tmp_path / "berichten.jsonl"
    path.write_text('{"text": "hoi", "spans": []}\n' + line + "\n")
    with pytest.raises(ValueError, match=r"^line 2: ") as refused:
        check(path)
    assert "geheim" not in str(refused.value)


def test_wilson_interval():
    assert wilson(0, 10) == (0.0, pytest.approx(0.2775, abs=1e-4))
    assert wilson(81, 263) == (pytest.approx(0.2553, abs=1e-4), pytest.approx(0.3662, abs=1e-4))
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize("file", [BLIND, DEVELOPMENT])
def test_documented_figures_are_what_the_check_gives(file):
    text = DOCUMENTATION.read_text(encoding="utf-8")
    rows = check(file)
    for row in rows:
        figures = f"{row.wrong} ({row.rate:.1%}; {row.low:.1%} to {row.high:.1%})"
        assert f"| {row.kind} | {row.total} | {figures} |" in text
    console = Console(width=120)
    with console.capture() as shown:
        console.print(table(rows))
    assert f"{rows[0].rate:.1%}" in shown.get()
