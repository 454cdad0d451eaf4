from pathlib import Path

from greenroom_trainer.picture import curves, draw

NAMES = ("reward", "length", "entropy", "kl", "turns", "seconds_rollouts", "seconds_env", "seconds_update")


def test_a_picture_is_drawn_even_of_a_single_step(tmp_path: Path) -> None:
    metrics = [(1, name, 0.5) for name in NAMES]
    path = draw(metrics, tmp_path / "deep" / "picture.png", "a run", {"before": 0.4})
    assert path.read_bytes()[:4] == b"\x89PNG"


def test_curves_are_in_the_order_of_steps() -> None:
    assert curves([(2, "reward", 0.2), (1, "reward", 0.1)]) == {"reward": [(1, 0.1), (2, 0.2)]}
