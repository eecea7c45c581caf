"""Where a network runs, and in which number format."""

from pathlib import Path
from typing import Literal, get_args

import torch

from nunatak.errors import ResourceError, UsageError

Precision = Literal["auto", "float32", "bfloat16", "float16"]

_CPU_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})
"""Words of ``/proc/cpuinfo`` for bfloat16 units: Intel and AMD, Intel's tiles, Arm."""


def choose_device(wanted: str) -> torch.device:
    """Find the device to compute on.

    Parameters
    ----------
    wanted
        ``"auto"`` (CUDA where there is a device), ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.

    Raises
    ------
    UsageError
        If the word is another one.
    ResourceError
        If a CUDA device is asked for that is not there.
    """
    if wanted == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    kind, _, index = wanted.partition(":")
    if wanted == "cpu":
        return torch.device("cpu")
    if kind != "cuda" or (":" in wanted and not index.isdecimal()):
        raise UsageError(f"Device {wanted!r} is not one of auto, cpu, cuda and cuda:N.")
    if not torch.cuda.is_available():
        raise ResourceError(
            "No CUDA device can be used here (no driver, no device, or torch without CUDA). "
            "Use --device cpu, or ask 'nunatak doctor'."
        )
    if index and int(index) >= torch.cuda.device_count():
        raise ResourceError(f"{wanted}: there are {torch.cuda.device_count()} CUDA devices.")
    return torch.device(wanted)


def choose_dtype(device: torch.device, wanted: Precision = "auto") -> torch.dtype:
    """Find the number format in which to convolve.

    Half the bits are twice the speed only where the processor multiplies them in hardware;
    elsewhere they are emulated and slower than float32.

    Parameters
    ----------
    device
        Where the network runs.
    wanted
        ``"auto"`` takes bfloat16 where the device has units for it, otherwise float16 on CUDA
        and float32 on a CPU.

    Raises
    ------
    UsageError
        If the word is another one.
    """
    if wanted not in get_args(Precision):
        raise UsageError(f"Precision {wanted!r} is not one of {', '.join(get_args(Precision))}.")
    if wanted != "auto":
        return {
            "float32": torch.float32,
            "bfloat16": torch.bfloat16,
            "float16": torch.float16,
        }[wanted]
    if device.type == "cuda":
        # Devices before compute capability 8 emulate bfloat16.
        native = torch.cuda.get_device_capability(device)[0] >= 8
        return torch.bfloat16 if native else torch.float16
    return torch.bfloat16 if processor_has_bfloat16() else torch.float32


def processor_has_bfloat16(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether this computer's processor has bfloat16 units.

    Parameters
    ----------
    cpuinfo
        Linux's description of the processor. Where there is none the answer is no.
    """
    try:
        text = cpuinfo.read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    for line in text.splitlines():
        name, _, words = line.partition(":")
        if name.strip() in {"flags", "Features"}:
            return not _CPU_FLAGS.isdisjoint(words.split())
    return False


def training_precision(device: torch.device) -> Literal["float32", "bfloat16"]:
    """Return the number format to train in: half precision only where it is fast."""
    return "bfloat16" if choose_dtype(device) == torch.bfloat16 else "float32"
