"""The picture of a training run: what got better, what it cost, and where the time went."""

from collections.abc import Mapping, Sequence
from pathlib import Path

Curve = Sequence[tuple[int, float]]

PARTS = ("env", "sampling", "update", "checkpoint", "dev")


def curves(metrics: Sequence[tuple[int, str, float]]) -> dict[str, list[tuple[int, float]]]:
    """Metrics (step, name, value) as one curve a name."""
    found: dict[str, list[tuple[int, float]]] = {}
    for step, name, value in sorted(metrics):
        found.setdefault(name, []).append((step, value))
    return found


def draw(metrics: Sequence[tuple[int, str, float]], path: Path, title: str, scores: Mapping[str, float]) -> Path:
    """Draw reward, dev success, length, entropy, divergence and time by part.

    Args:
        metrics: (step, name, value), as the store holds them.
        path: Where the picture goes; its ending says in which format.
        title: A line above.
        scores: Success by name, drawn as levels beside the reward.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    known = curves(metrics)
    figure = Figure(figsize=(11, 6.5), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title)
    axes = figure.subplots(2, 3)
    _reward(axes[0, 0], known, scores)
    for axis, name, label in (
        (axes[0, 1], "length", "sampled tokens per rollout"),
        (axes[0, 2], "entropy", "entropy per token (nats)"),
        (axes[1, 0], "kl", "divergence from the start (nats per token)"),
        (axes[1, 1], "turns", "assistant messages per rollout"),
    ):
        axis.plot(*_xy(known.get(name, [])))
        axis.set_title(label, fontsize=10)
    _time(axes[1, 2], known)
    for axis in axes.flat:
        axis.set_xlabel("step", fontsize=8)
        axis.grid(alpha=0.3)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130)
    return path


def _reward(axis: "object", known: Mapping[str, Curve], scores: Mapping[str, float]) -> None:
    from matplotlib.axes import Axes

    assert isinstance(axis, Axes)
    axis.plot(*_xy(known.get("reward", [])), alpha=0.5, label="reward in training")
    axis.plot(*_xy(known.get("dev", [])), marker="o", label="success on dev tasks")
    for number, (name, value) in enumerate(scores.items()):
        axis.axhline(value, linestyle="--", linewidth=1, color=f"C{number + 2}", label=f"{name}: {value:.0%}")
    axis.set_ylim(0, 1.02)
    axis.set_title("reward", fontsize=10)
    axis.legend(fontsize=7, loc="lower right")


def _time(axis: "object", known: Mapping[str, Curve]) -> None:
    """Seconds by part, stacked; sampling is what rollouts took beyond the environment."""
    from matplotlib.axes import Axes

    assert isinstance(axis, Axes)
    table = {name: dict(known.get(f"seconds_{name}", [])) for name in ("rollouts", *PARTS)}
    steps = sorted(table["rollouts"])
    table["sampling"] = {s: table["rollouts"][s] - table["env"].get(s, 0.0) for s in steps}
    if steps:
        axis.stackplot(steps, *([table[p].get(s, 0.0) for s in steps] for p in PARTS), labels=PARTS)
        axis.legend(fontsize=7, loc="upper right")
    axis.set_title("seconds by part", fontsize=10)


def _xy(curve: Curve) -> tuple[list[int], list[float]]:
    return [step for step, _ in curve], [value for _, value in curve]
