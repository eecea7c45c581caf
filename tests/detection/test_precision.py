from pathlib import Path

import pytest
import torch

from nunatak.detection.precision import (
    choose_device,
    choose_dtype,
    processor_has_bfloat16,
)
from nunatak.errors import ResourceError, UsageError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("processor\t: 0\nflags\t\t: fpu avx512f avx512_bf16 sse\n", True),
        ("flags\t\t: fpu amx_bf16 amx_tile\n", True),
        ("Features\t: fp asimd bf16 i8mm\n", True),
        ("flags\t\t: fpu avx512f avx2\nbugs\t: bf16\n", False),
        ("", False),
    ],
)
def test_flags_of_the_processor(tmp_path: Path, text: str, expected: bool) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(text)
    assert processor_has_bfloat16(cpuinfo) is expected


def test_no_description_of_the_processor(tmp_path: Path) -> None:
    assert processor_has_bfloat16(tmp_path / "absent") is False


def test_auto_device_without_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device("auto") == torch.device("cpu")
    with pytest.raises(ResourceError, match="No CUDA device"):
        choose_device("cuda")


def test_device_index_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert choose_device("cuda:1") == torch.device("cuda:1")
    assert choose_device("auto") == torch.device("cuda")
    with pytest.raises(ResourceError, match="cuda:2: there are 2 CUDA devices"):
        choose_device("cuda:2")


@pytest.mark.parametrize("word", ["gpu", "cuda:", "cuda:x", "CPU", ""])
def test_unknown_devices(word: str) -> None:
    with pytest.raises(UsageError, match="is not one of auto, cpu, cuda"):
        choose_device(word)


def test_dtype_follows_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nunatak.detection.precision.processor_has_bfloat16", lambda: True)
    assert choose_dtype(torch.device("cpu")) == torch.bfloat16
    monkeypatch.setattr("nunatak.detection.precision.processor_has_bfloat16", lambda: False)
    assert choose_dtype(torch.device("cpu")) == torch.float32
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _device: (7, 5))
    assert choose_dtype(torch.device("cuda")) == torch.float16
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _device: (9, 0))
    assert choose_dtype(torch.device("cuda")) == torch.bfloat16
    assert choose_dtype(torch.device("cuda"), "float32") == torch.float32
    with pytest.raises(UsageError, match="'half' is not one of"):
        choose_dtype(torch.device("cpu"), "half")  # type: ignore[arg-type]
