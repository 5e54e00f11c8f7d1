import pytest

from training.agreement import agreement, agreement_text, read_labelled
from training.errors import TrainingError

HEAD = "id,writer,second,third\n"


def write(folder, text):
    path = folder / "blind.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_kappa_of_a_worked_example(tmp_path):
    # 10 messages; both say intent on 4, the writer alone on 1, the second alone on 1: agreement 0.8, by chance 0.5.
    cells = [("self_harm/intent", "self_harm/intent")] * 4 + [("self_harm/intent", "-"), ("-", "self_harm/intent")]
    cells += [("-", "-")] * 4
    rows = "".join(f"m-{number},{one},{other},\n" for number, (one, other) in enumerate(cells))
    found = agreement(read_labelled(write(tmp_path, HEAD + rows)))
    assert list(found) == ["writer, second"]
    assert found["writer, second"]["messages"] == 10
    assert found["writer, second"]["kappa"]["self_harm/intent"] == pytest.approx((0.8 - 0.5) / 0.5)
    assert found["writer, second"]["kappa"]["any"] == pytest.approx(0.6)


def test_every_pair_of_hands_has_a_column(tmp_path):
    write(tmp_path, HEAD + "a,self_harm/intent,-,self_harm/intent self_harm/injury\nb,-,-,-\n")
    text = agreement_text(tmp_path)
    assert "| blind | writer, second | writer, third | second, third |" in text
    assert "| `self_harm/intent` | 0.00 | 1.00 | 0.00 |" in text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("id,a\n", "must have the columns"),
        (HEAD + "a,self_harm/x,-,\n", r"blind.csv:2: unknown label \['self_harm/x'\]"),
        (HEAD + "a,-,-,\na,-,-,\n", "blind.csv:3: a stands twice"),
    ],
)
def test_errors_name_file_and_line(tmp_path, content, message):
    with pytest.raises(TrainingError, match=message):
        read_labelled(write(tmp_path, content))


def test_a_cell_of_spaces_is_no_label_and_a_folder_without_files_is_named(tmp_path):
    with pytest.raises(TrainingError, match="holds no CSV file"):
        agreement_text(tmp_path)
    assert agreement(read_labelled(write(tmp_path, HEAD + "a,-, ,\n"))) == {}


def test_kappa_of_a_label_that_nobody_gave_is_undefined(tmp_path):
    kappa = agreement(read_labelled(write(tmp_path, HEAD + "a,-,-,\n")))["writer, second"]["kappa"]
    assert kappa["self_harm/intent"] != kappa["self_harm/intent"]
