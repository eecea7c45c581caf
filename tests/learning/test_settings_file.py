"""Where the settings of a training come from."""

from pathlib import Path

import pytest

from nunatak.errors import BadInput, FormatError, UsageError
from nunatak.learning.settings import LearningSettings
from nunatak.learning.settings_file import resolved
from nunatak.learning.volumes.volume_settings import VolumeLearningSettings
from nunatak.recipes.topaz import PUBLISHED


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "settings.toml"
    path.write_text(
        'steps = 7\nseed = 3\nstart = "none"\npatience = "none"\n'
        'gradient_clip = "none"\n'
        '[network]\nname = "ResNet8"\n[network.parameters]\nunits = 8\n'
    )
    return path


def test_nothing_given_is_the_base() -> None:
    assert resolved(PUBLISHED) == PUBLISHED


def test_options_win_over_the_file_and_the_file_over_the_base(file: Path) -> None:
    settings = resolved(LearningSettings(), path=file, options={"steps": 5, "objective": None})
    assert (settings.steps, settings.seed) == (5, 3)
    assert settings.objective == LearningSettings().objective
    assert settings.start is None
    assert (settings.patience, settings.gradient_clip) == (None, None)
    assert settings.network.parameters.model_dump()["units"] == 8


def test_naming_the_network_of_the_file_keeps_its_parameters(file: Path) -> None:
    same = resolved(LearningSettings(), path=file, options={"network": "resnet8"})
    assert same.network.parameters.model_dump()["units"] == 8
    other = resolved(LearningSettings(), path=file, options={"network": "Conv31"})
    assert other.network.name == "Conv31"
    assert other.network.parameters.model_dump()["units"] == 32


def test_a_file_may_name_the_network_as_an_option_does(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('start = "none"\nnetwork = "resnet8"\n')
    assert resolved(LearningSettings(), path=path).network.name == "ResNet8"
    published = resolved(PUBLISHED, path=path).network
    assert published == PUBLISHED.network, "the recipe's parameters stay"
    path.write_text('start = "none"\nnetwork = "vgg"\n')
    with pytest.raises(FormatError, match=r"settings\.toml: No network is called 'vgg'; there are"):
        resolved(LearningSettings(), path=path)


def test_an_unknown_field_is_told_which_one_is_like_it(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("stepz = 5\n")
    for base in (LearningSettings(), VolumeLearningSettings()):
        with pytest.raises(FormatError, match=r"stepz: Extra .* 5\)\. Did you mean steps\?$"):
            resolved(base, path=path)
    path.write_text("qqqq = 5\n")
    with pytest.raises(FormatError, match=r"given: 5\)\.$"):
        resolved(LearningSettings(), path=path)


def test_a_start_model_brings_its_own_network(file: Path) -> None:
    with pytest.raises(UsageError, match="general-2d has a network of its own"):
        resolved(LearningSettings(), path=file, options={"start": "general-2d"})
    assert resolved(PUBLISHED, options={"network": "resnet16"}).network.name == "ResNet16"


def test_impossible_values_are_explained(tmp_path: Path, file: Path) -> None:
    with pytest.raises(UsageError, match="steps: Input should be greater than 0"):
        resolved(LearningSettings(), options={"steps": 0})
    with pytest.raises(UsageError, match="No network is called 'vgg'; there are UNet, ResNet8"):
        resolved(LearningSettings(), options={"start": "none", "network": "vgg"})
    with pytest.raises(BadInput, match="cannot read the settings"):
        resolved(LearningSettings(), path=tmp_path / "gone.toml")
    for text, message in (("steps = -1", "steps: Input"), ("steps = ", "not TOML")):
        file.write_text(text)
        with pytest.raises(FormatError, match=message):
            resolved(LearningSettings(), path=file)


def test_an_option_that_names_a_start_brings_back_its_defaults(tmp_path: Path) -> None:
    path = tmp_path / "scratch.toml"
    path.write_text('start = "none"\n')
    assert resolved(LearningSettings(), path=path).steps == 600
    assert resolved(LearningSettings(), path=path, options={"steps": 20}).steps == 20
    settings = resolved(LearningSettings(), path=path, options={"start": "general-2d"})
    assert settings == LearningSettings()


def test_settings_for_tomograms_come_from_the_same_places(file: Path) -> None:
    file.write_text('steps = 7\nseed = 3\ngradient_clip = "none"\nstart = "none"\n')
    base = VolumeLearningSettings()
    settings = resolved(base, path=file, options={"steps": 5, "teacher": None})
    assert (settings.steps, settings.seed, settings.gradient_clip) == (5, 3, None)
    assert settings.teacher is base.teacher
    assert resolved(base, options={"start": "m.safetensors"}).start == "m.safetensors"


def test_impossible_settings_for_tomograms_are_explained(file: Path) -> None:
    base = VolumeLearningSettings()
    file.write_text("anchor = 1\n")
    with pytest.raises(FormatError, match="anchor: Extra inputs are not permitted"):
        resolved(base, path=file)
    file.write_text("input_drop = true\nstrong_augmentation = false\n")
    with pytest.raises(FormatError, match=r"settings.toml: input_drop is part of [^:]*\.$"):
        resolved(base, path=file)
    file.write_text('preset = "large"\n')
    assert resolved(base, path=file, options={"start": "none"}).preset == "large"
    with pytest.raises(UsageError, match=r"m\.safetensors has a network of its own.*the preset"):
        resolved(base, path=file, options={"start": "m.safetensors"})
