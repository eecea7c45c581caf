from nunatak.learning.topaz.train import training_log
from nunatak.training.metrics import StepMetrics


def step(number: int, loss: float | None, validation: float | None = None) -> StepMetrics:
    return StepMetrics(
        step=number, loss=loss, learning_rate=1e-3, seconds=float(number), validation=validation
    )


def test_the_course_is_a_table_of_topaz() -> None:
    course = [
        step(0, None, 0.5),
        step(1, 2.0),
        step(2, 1.0, 0.75),
        step(3, 0.25),
        step(4, 0.125, 0.8),
    ]
    header, *rows = [line.split("\t") for line in training_log(course).splitlines()]
    named = [dict(zip(header, row, strict=True)) for row in rows]
    assert header[:4] == ["epoch", "iter", "split", "loss"]
    assert [(row["epoch"], row["iter"], row["split"]) for row in named] == [
        ("1", "1", "train"),
        ("1", "2", "train"),
        ("1", "2", "test"),
        ("2", "3", "train"),
        ("2", "4", "train"),
        ("2", "4", "test"),
    ]
    assert [row["loss"] for row in named] == ["2", "1", "-", "0.25", "0.125", "-"]
    assert [row["auprc"] for row in named] == ["-", "-", "0.75", "-", "-", "0.8"]


def test_no_course_is_a_table_all_the_same() -> None:
    assert training_log([]).splitlines()[1:] == []
    assert training_log([]).startswith("epoch\titer\tsplit\tloss")
