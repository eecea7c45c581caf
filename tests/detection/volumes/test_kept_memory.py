import platform
import resource
import subprocess
import sys

import pytest

from nunatak.detection.volumes import kept_memory as module
from nunatak.detection.volumes.kept_memory import kept_memory

SIZE = 48 << 20

FAULTS = f"""
import resource
from contextlib import nullcontext

from nunatak.detection.volumes.kept_memory import kept_memory


def faults(block):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    with block:
        for size in [{SIZE}] * 5:
            b"1" * size
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def resident_bytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


without = faults(nullcontext())
within = faults(kept_memory())
print(without, within, faults(nullcontext()), resident_bytes())
"""

glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="not the GNU C library")


@glibc
def test_freed_memory_is_used_again_and_given_back_at_the_end() -> None:
    # A process of its own: nothing else has freed memory there.
    done = subprocess.run(
        [sys.executable, "-c", FAULTS], capture_output=True, text=True, check=True
    )
    without, within, afterwards, resident = map(int, done.stdout.split())
    pages = SIZE // resource.getpagesize()
    assert without > 4.5 * pages
    assert within < 1.5 * pages
    assert afterwards > 4.5 * pages
    assert resident < SIZE


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    module._glibc.cache_clear()
    try:
        assert module._glibc() is None
        with kept_memory():
            pass
    finally:
        module._glibc.cache_clear()


@glibc
def test_an_error_ends_it_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[int, ...]] = []

    class Library:
        def mallopt(self, parameter: int, value: int) -> None:
            calls.append((parameter, value))

        def malloc_trim(self, pad: int) -> None:
            calls.append((pad,))

    monkeypatch.setattr(module, "_glibc", Library)
    with pytest.raises(ValueError, match="inside"), kept_memory():
        assert len(calls) == 2
        raise ValueError("inside")
    assert {parameter for parameter, _ in calls[:2]} < {call[0] for call in calls[2:]}
    assert calls[-1] == (0,)
