"""Logits of a larger model: what they are kept by, what variants are, and that a student leans towards them."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from classifier import Message, Role, Turn
from classifier.labels import LABEL_NAMES
from training.base.load import load_base
from training.errors import TrainingError
from training.fit import message_encoder
from training.model import TEMPERATURE, distillation_loss
from training.rows import training_dataset
from training.teacher import FEWEST_KNOWN, Teacher, key_of, read_teacher, variants


@pytest.fixture
def encoder(tiny_encoders, tmp_path):
    base = load_base(str(tiny_encoders["bert-unigram"]), [], [], tmp_path)
    base.save(tmp_path / "base")
    return message_encoder(base, tmp_path / "base" / "tokenizer.json")


@pytest.fixture
def examples(example):
    made = [example(f"bericht {number} over een fiets", id=f"m-{number}", voice="a") for number in range(100)]
    made += [
        example(f"antwoord {number}", f"vraag {number}", id=f"c-{number}", labels=["self_harm/ideation"])
        for number in range(100)
    ]
    return made + [example(" ".join(f"woord{number}" for number in range(start, start + 14))) for start in range(60)]


def write(path, messages, logits=None):
    keys = np.array([key_of(message) for message in messages], dtype=np.uint64)
    logits = np.tile(np.arange(len(keys))[:, None], 11) if logits is None else logits
    np.savez_compressed(path, keys=keys, logits=logits.astype(np.float16))


def test_logits_come_back_by_text_and_context(examples, tmp_path):
    write(tmp_path / "teacher.npz", [one.message for one in examples])
    teacher = read_teacher(tmp_path / "teacher.npz", examples)
    assert teacher.of(examples[7].message) == [7.0] * 11
    assert teacher.of(examples[150].message) == [150.0] * 11
    assert teacher.of(replace(examples[150].message, context=())) is None
    assert teacher.of(Message(examples[150].message.text, (Turn(Role.SELF, "vraag 50"),))) is None
    assert key_of(Message("a b")) != key_of(Message("a", (Turn(Role.PEER, "b"),)))


def test_another_corpus_or_file_is_refused(examples, tmp_path):
    path = tmp_path / "teacher.npz"
    enough = int(np.ceil(FEWEST_KNOWN * len(examples)))
    write(path, [one.message for one in examples[:enough]])
    read_teacher(path, examples)
    write(path, [one.message for one in examples[: enough - 1]])
    with pytest.raises(TrainingError, match=f"knows {enough - 1} of {len(examples)} training messages"):
        read_teacher(path, examples)
    write(path, [one.message for one in examples], np.zeros((len(examples), 3)))
    with pytest.raises(TrainingError, match="one column a label"):
        read_teacher(path, examples)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(TrainingError, match="not a zip file"):
        read_teacher(path, examples)
    path.write_text("geen logits")
    with pytest.raises(TrainingError, match=r"--teacher .*teacher\.npz"):
        read_teacher(path, examples)
    with pytest.raises(TrainingError, match="No such file"):
        read_teacher(tmp_path / "nergens.npz", examples)


def test_variants_are_new_messages_of_known_parts_and_stay_the_same(examples):
    made = variants(examples)
    assert made == variants(examples)
    assert 0.2 * len(examples) < len(made) < 0.6 * len(examples)
    known = {one.message for one in examples}
    contexts = {one.message.context for one in examples}
    texts = {one.message.text for one in examples}
    assert not known & set(made)
    assert {one.context for one in made} <= contexts
    cut = [one for one in made if one.text not in texts]
    assert cut
    assert all(any(one.text in text for text in texts) for one in cut)
    assert any(not one.context and one.text.startswith("antwoord") for one in made)
    assert any(one.context and one.text.startswith("bericht") for one in made)


def test_distillation_is_least_at_the_teachers_logits():
    teacher = torch.tensor([[-4.0, 0.5, 3.0]])
    student = teacher.clone().requires_grad_()
    distillation_loss(student, teacher).sum().backward()
    assert torch.allclose(student.grad, torch.zeros(1, 3), atol=1e-6)
    wanted = torch.sigmoid(teacher / TEMPERATURE)
    entropy = -(wanted * wanted.log() + (1 - wanted) * (1 - wanted).log())
    assert torch.allclose(distillation_loss(teacher, teacher), TEMPERATURE**2 * entropy, atol=1e-5)
    assert (distillation_loss(teacher + 1, teacher) > distillation_loss(teacher, teacher)).all()


def test_most_variants_stay_when_examples_come_or_go(examples):
    before, after = set(variants(examples)), set(variants(examples[:-1][::-1]))
    assert len(before & after) > 0.95 * len(before)


def test_rows_hold_the_variants_that_the_teacher_judged(examples, encoder):
    judged = [*(one.message for one in examples), *variants(examples)[::2]]
    logits = np.zeros((len(judged), len(LABEL_NAMES)))
    logits[:, 3] = 2.0
    teacher = Teacher("0" * 64, {key_of(message): row for row, message in enumerate(judged)}, logits)
    table = training_dataset(examples, None, encoder, 1, teacher).with_format(None)
    assert len(table) == len(judged)
    assert table[0]["labels"] == [0.0] * 11
    assert table[len(examples)]["labels"][3] == pytest.approx(1 / (1 + np.exp(-2.0)))
    assert table[len(examples)]["teacher"][3] == 2.0
    plain = training_dataset(examples, None, encoder, 1)
    assert len(plain) == len(examples)
