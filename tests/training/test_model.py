import copy

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from transformers import AutoModel

from classifier.encoding import Window
from classifier.labels import LABEL_NAMES
from training.errors import TrainingError
from training.export import export_fp32, outlier_modules, quantize, torch_logits
from training.model import Probe, RiskModel, attended

WINDOWS = [
    Window(np.arange(4, 4 + size), np.r_[np.zeros(1, np.float32), np.ones(size - 1, np.float32)]) for size in (3, 9, 40)
]


@pytest.fixture(params=["bert-wordpiece", "roberta-bpe"])
def model(request, tiny_encoders):
    torch.manual_seed(0)
    risk = RiskModel(AutoModel.from_pretrained(tiny_encoders[request.param], add_pooling_layer=False)).eval()
    random = np.random.default_rng(0)
    width = risk.mean.shape[0]
    weight, bias = random.normal(size=(len(LABEL_NAMES), width)), random.normal(size=len(LABEL_NAMES))
    probe = Probe(
        *(values.astype(np.float32) for values in (random.normal(size=width), np.full(width, 0.09), weight, bias))
    )
    risk.start_head(probe)
    torch.nn.init.normal_(risk.query.weight, std=0.3)
    return risk


def test_export_folds_standardisation_and_takes_any_length(model, tmp_path):
    export_fp32(model, tmp_path / "model.onnx")
    session = ort.InferenceSession(str(tmp_path / "model.onnx"))
    for window in WINDOWS:
        feed = {"input_ids": window.ids[None], "message_mask": window.message_mask[None]}
        got = session.run(["logits"], feed)[0][0]
        assert got == pytest.approx(torch_logits(model, window.ids, window.message_mask), abs=1e-3)


def test_attention_of_a_label_picks_its_token_and_none_is_the_mean():
    outputs = torch.arange(12.0).reshape(1, 4, 3)
    mask = torch.tensor([[0.0, 1.0, 1.0, 1.0]])
    attention = torch.zeros(1, 4, 3)
    assert torch.allclose(attended(outputs, attention, mask), outputs[:, 1:].mean(1))
    attention[0, 2, 1] = 50.0
    attention[0, 0, 2] = 50.0  # not part of the message
    expected = torch.tensor([[outputs[0, 1:, 0].mean(), outputs[0, 2, 1], outputs[0, 1:, 2].mean()]])
    assert torch.allclose(attended(outputs, attention, mask), expected)


def test_padding_changes_nothing(model):
    ids, mask = torch.from_numpy(WINDOWS[1].ids)[None], torch.from_numpy(WINDOWS[1].message_mask)[None]
    plain = model(ids, torch.ones_like(mask), mask)["logits"]
    pad = torch.zeros(1, 7)
    padded = model(
        torch.cat([ids, pad.long()], 1), torch.cat([torch.ones_like(mask), pad], 1), torch.cat([mask, pad], 1)
    )["logits"]
    assert plain.detach().numpy() == pytest.approx(padded.detach().numpy(), abs=1e-4)


def test_only_the_message_is_judged_but_context_is_read(model):
    ids = torch.tensor([[4, 5, 6, 7, 8]])
    mask = torch.tensor([[0.0, 0.0, 0.0, 1.0, 1.0]])
    attention = torch.ones(1, 5)
    states = model.encoder(input_ids=ids, attention_mask=attention).last_hidden_state
    assert torch.allclose(model.pooled(ids, attention, mask), states[:, 3:].mean(1), atol=1e-6)
    other = model(torch.tensor([[4, 9, 10, 7, 8]]), attention, mask)["logits"]
    assert not torch.allclose(other, model(ids, attention, mask)["logits"])


def test_worst_modules_stay_fp32(model, tmp_path):
    kept = outlier_modules(model, WINDOWS, count=1)
    export_fp32(model, tmp_path / "model.onnx")
    quantize(tmp_path / "model.onnx", tmp_path / "all.onnx")
    quantize(tmp_path / "model.onnx", tmp_path / "kept.onnx", kept)
    assert (tmp_path / "kept.onnx").stat().st_size > (tmp_path / "all.onnx").stat().st_size
    plain = {node.name for node in onnx.load(tmp_path / "all.onnx").graph.node if node.op_type == "MatMul"}
    assert {"/head/MatMul", "/query/MatMul"} <= plain


def test_head_starts_as_the_probe_says(tiny_encoders):
    random = np.random.default_rng(1)
    features = random.normal(0.3, 0.09, (200, 32))
    labels = (features[:, 0] > 0.3).astype(int)
    scaler = StandardScaler().fit(features)
    fitted = LogisticRegression().fit(scaler.transform(features), labels)
    risk = RiskModel(AutoModel.from_pretrained(tiny_encoders["bert-wordpiece"], add_pooling_layer=False))
    weight, bias = np.repeat(fitted.coef_, len(LABEL_NAMES), 0), np.repeat(fitted.intercept_, len(LABEL_NAMES))
    risk.start_head(Probe(*(one.astype(np.float32) for one in (scaler.mean_, scaler.scale_, weight, bias))))
    logits = risk.head((torch.from_numpy(features).float() - risk.mean) / risk.deviation)[:, 0]
    assert logits.detach().numpy() == pytest.approx(fitted.decision_function(scaler.transform(features)), abs=1e-4)


def test_a_model_goes_on_from_an_earlier_one_but_for_its_word_embeddings(model, tiny_encoders):
    later = copy.deepcopy(model)
    with torch.no_grad():
        for weight in later.parameters():
            weight.add_(1.0)
    before = later.encoder.get_input_embeddings().weight.clone()
    later.go_on_from(model)
    assert torch.equal(later.encoder.get_input_embeddings().weight, before)
    names = [name for name in model.state_dict() if "word_embeddings" not in name]
    assert len(names) == len(model.state_dict()) - 1
    assert all(torch.equal(later.state_dict()[name], model.state_dict()[name]) for name in names)
    later.encoder.encoder.layer = later.encoder.encoder.layer[:1]
    with pytest.raises(TrainingError, match="another shape"):
        later.go_on_from(model)
