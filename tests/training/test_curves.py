from PIL import Image

from training.curves import draw_curves


def test_curves_become_a_picture(tmp_path):
    log = [
        {"step": 50, "loss": 0.4},
        {"step": 100, "loss": 0.2},
        {"step": 100, "eval_loss": 0.3, "eval_map": 0.5, "eval_any_auroc": 0.7},
    ]
    draw_curves(log, tmp_path / "curves.png")
    draw_curves([], tmp_path / "empty.png")
    with Image.open(tmp_path / "curves.png") as full, Image.open(tmp_path / "empty.png") as empty:
        assert full.size == (1500, 400) == empty.size
        assert full.tobytes() != empty.tobytes()
