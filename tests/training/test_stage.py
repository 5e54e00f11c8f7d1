from training.stage import Stage


def test_a_finished_stage_is_skipped_until_its_input_changes(tmp_path):
    source = tmp_path / "in.txt"
    source.write_text("een")
    assert Stage(tmp_path, "export", [source]).facts is None
    Stage(tmp_path, "export", [source]).finish(kept=["a"])
    assert Stage(tmp_path, "export", [source]).facts == {"kept": ["a"]}
    assert Stage(tmp_path, "train", [source]).facts is None
    source.write_text("twee")
    assert Stage(tmp_path, "export", [source]).facts is None
