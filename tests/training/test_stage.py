from training.stage import Stage


def test_a_finished_stage_is_skipped_until_its_input_changes_or_its_file_goes(tmp_path):
    source, made = tmp_path / "in.txt", tmp_path / "out.txt"
    source.write_text("een")
    made.write_text("uit")

    def stage(name="export"):
        return Stage(tmp_path, name, [source], [made])

    assert stage().facts is None
    assert stage().finish(kept=["a"]) == {"kept": ["a"]}
    assert stage().facts == {"kept": ["a"]}
    assert stage("train").facts is None
    source.write_text("twee")
    assert stage().facts is None
    source.write_text("een")
    assert stage().facts == {"kept": ["a"]}
    made.unlink()
    assert stage().facts is None
