from click.testing import CliRunner

from classifier import Message
from training.cli import main
from training.conversations import Conversation, Line
from training.corpus_check import counts_table, find

LONG = "morgen ga ik met mijn oma naar de markt in de stad"


def test_a_near_duplicate_in_two_splits_is_a_fault_and_within_one_a_notice(example, corpus_of):
    pair = example(LONG, id="a-1"), example(LONG + "!", id="b-1", voice="b")
    across = find(corpus_of(*pair, splits={"a": "train", "b": "test"}))
    assert across.faults == ("a-1 and b-1: nearly the same (0.98), in two splits",)
    within = find(corpus_of(*pair))
    assert within.faults == ()
    assert within.notices == ("a-1 and b-1: nearly the same (0.98)",)


def test_contrast_partners_are_meant_to_be_alike(example, corpus_of):
    risky = example(LONG, id="a-1", labels=["self_harm/intent"], pair="a-2")
    safe = example(LONG, id="a-2", pair="a-1")
    assert find(corpus_of(risky, safe)).notices == ()


def test_personal_data_and_amounts_are_faults_without_the_text(example, corpus_of):
    faults = find(
        corpus_of(
            example("bel 06-12345678", id="a-1"),
            example("20 pillen", id="a-2", labels=["self_harm/method_request"]),
            example("oma slikt er 20 pillen bij", id="a-3"),
        )
    ).faults
    assert faults == ("a-1: phone number", "a-2: amount next to means")


def test_conversations_are_looked_through(example, corpus_of):
    private = Line("c-01-01", Message("mail roos@post.nl"), frozenset(), "N9")
    leak = Line("c-01-02", Message(LONG, private.message.context), frozenset(), "N9")
    conversation = Conversation("c-01", "c", (private, leak), 1, None)
    faults = find(corpus_of(example(LONG, id="a-1")), [conversation], {"c": "test"}).faults
    assert faults == ("c-01-01: e-mail address", "a-1 and c-01-02: nearly the same (1.0), in two splits")


def test_repeated_openings_are_noticed(example, corpus_of):
    same = [example(f"weet je wat {word} is", id=word) for word in ("kaas", "regen", "soep", "trein", "lamp", "boek")]
    assert find(corpus_of(*same)).notices == ("a: 6 messages begin with the same 3 words",)
    assert find(corpus_of(*same[:5])).notices == ()


def test_counts_per_split(example, corpus_of):
    corpus = corpus_of(
        example("ja", "echt?", id="a-1", labels=["self_harm/intent"], wording=["P9"], pair="a-2"),
        example("ja", "koffie?", id="a-2", wording=["P9"], pair="a-1"),
        example("hoi", id="b-1", voice="b"),
        splits={"a": "train", "b": "test"},
    )
    table = counts_table(corpus, [], {})
    for line in (
        "| messages | 2 | 0 | 0 | 1 | 3 |",
        "| risky with context | 1 (100 %) | 0 | 0 | 0 | 1 (100 %) |",
        "| contrast pairs of the same text | 1 | 0 | 0 | 0 | 1 |",
        "| `self_harm/intent` | 1 | 0 | 0 | 0 | 1 |",
        "| P9, safe and risky | 1 and 1 | 0 and 0 | 0 and 0 | 0 and 0 | 1 and 1 |",
        "| N9 | 1 | 0 | 0 | 1 | 2 |",
    ):
        assert line in table


def test_command_names_what_must_be_mended(small_corpus, tmp_path):
    (tmp_path / "voices.toml").write_text("", encoding="utf-8")
    arguments = ["corpus", "check", "--corpus", str(small_corpus), "--conversations", str(tmp_path)]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 1  # the small corpus repeats its messages in every split
    assert "in two splits" in result.output
    assert "faults in the corpus" in result.output
