"""What the processor can do, and which way to compute follows from it: known before TensorFlow is imported.

TensorFlow has two sets of kernels: its own, and those of oneDNN. It decides at its import, and by default takes
oneDNN's only where the processor has instructions for neural networks (AVX512-VNNI and its like). On processors with
AVX2, which most laptops have, oneDNN's are faster in training too, so mnistlab asks for them. A user's own
`TF_ENABLE_ONEDNN_OPTS` always counts.
"""

import contextlib
import dataclasses
import functools
import os
import platform
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Literal

Kind = Literal["amx", "avx512-bf16", "avx512-vnni", "avx512", "avx2", "x86-64", "aarch64-bf16", "aarch64", "other"]
"""What a processor has, from the fastest instructions to the slowest; performance is stated for each kind."""

ONEDNN = "TF_ENABLE_ONEDNN_OPTS"
HELD_BY = ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA")
"""Variables that hold oneDNN's kernels to older instructions than the processor has."""

_REQUIRED: dict[Kind, frozenset[str]] = {
    "amx": frozenset({"amx_bf16"}),
    "avx512-bf16": frozenset({"avx512_bf16"}),
    "avx512-vnni": frozenset({"avx512_vnni"}),
    "avx512": frozenset({"avx512f"}),
    "avx2": frozenset({"avx2"}),
}
_NEURAL = frozenset({"avx512_vnni", "avx512_bf16", "avx_vnni", "amx_tile", "amx_int8", "amx_bf16"})
_AVX2 = frozenset({"avx2", "fma", "f16c"})
_AVX512 = _AVX2 | {"avx512f", "avx512bw", "avx512dq", "avx512vl"}
_HELD_FEATURES: dict[str, frozenset[str]] = {
    "SSE41": frozenset(),
    "AVX": frozenset(),
    "AVX2": _AVX2,
    "AVX2_VNNI": _AVX2 | {"avx_vnni"},
    "AVX512_CORE": _AVX512,
    "AVX512_CORE_VNNI": _AVX512 | {"avx512_vnni"},
    "AVX512_CORE_BF16": _AVX512 | {"avx512_vnni", "avx512_bf16"},
}
"""Features among those that matter here which oneDNN may use when it is held; other values hold nothing back here."""


@dataclasses.dataclass(frozen=True)
class Processor:
    """A processor as far as the choice of kernels depends on it.

    Args:
        architecture: `"x86_64"`, `"aarch64"` or another name, as `platform.machine` gives it, in lower case.
        features: Instruction sets by the names that Linux gives them, such as `"avx512_bf16"`.

    Example:
        >>> Processor("x86_64", frozenset({"avx2", "avx512f", "avx512_vnni"})).kind
        'avx512-vnni'
        >>> Processor("x86_64", frozenset({"avx2"})).tensorflow_uses_onednn
        False
    """

    architecture: str
    features: frozenset[str]

    @property
    def kind(self) -> Kind:
        """The best instruction set that it has."""
        if self.architecture in ("aarch64", "arm64"):
            return "aarch64-bf16" if "bf16" in self.features else "aarch64"
        if self.architecture not in ("x86_64", "amd64"):
            return "other"
        return next((kind for kind, needed in _REQUIRED.items() if needed <= self.features), "x86-64")

    @property
    def multiplies_bfloat16(self) -> bool:
        """Whether oneDNN multiplies bfloat16 faster than float32 on it; measured on x86-64 alone."""
        return self.kind in ("amx", "avx512-bf16")

    @property
    def tensorflow_uses_onednn(self) -> bool | None:
        """Whether TensorFlow takes oneDNN's kernels without being asked; `None` where that is not known.

        Source: TensorFlow's `tensorflow/core/util/port.cc`, for Linux on x86-64.
        """
        if self.architecture not in ("x86_64", "amd64"):
            return None
        return not _NEURAL.isdisjoint(self.features)

    def held_to(self, instructions: str) -> "Processor":
        """The processor as oneDNN sees it when `ONEDNN_MAX_CPU_ISA` has this value."""
        allowed = _HELD_FEATURES.get(instructions.upper())
        return self if allowed is None else dataclasses.replace(self, features=self.features & allowed)


@functools.cache
def real_processor() -> Processor:
    """The processor of this machine; without features where the system does not say."""
    architecture = platform.machine().lower()
    return Processor(architecture, frozenset(_read_features(architecture)))


def processor() -> Processor:
    """The processor as oneDNN sees it: this machine's, held to what `ONEDNN_MAX_CPU_ISA` allows."""
    held = next((os.environ[name] for name in HELD_BY if os.environ.get(name)), "")
    return real_processor().held_to(held)


def choose_kernels() -> None:
    """Asks for oneDNN's kernels where they are the faster ones, before TensorFlow is imported.

    Does nothing if the user has decided, or on processors other than x86-64, where TensorFlow's own choice stands.
    """
    if processor().kind in _REQUIRED:
        os.environ.setdefault(ONEDNN, "1")


def uses_onednn() -> bool | None:
    """Whether TensorFlow takes oneDNN's kernels in this process; `None` where that is not known."""
    decided = os.environ.get(ONEDNN)
    return processor().tensorflow_uses_onednn if decided is None else decided.lower() not in ("0", "false")


def chooses_onednn() -> bool | None:
    """Whether mnistlab trains with oneDNN's kernels here, also before `choose_kernels`; `None` if that is not known."""
    return True if ONEDNN not in os.environ and processor().kind in _REQUIRED else uses_onednn()


def flags_in(cpuinfo: str) -> list[str]:
    """The features of the first processor in the text of Linux' `/proc/cpuinfo`.

    Example:
        >>> flags_in("processor : 0\\nflags : fpu avx2\\n\\nprocessor : 1\\nflags : fpu avx2\\n")
        ['fpu', 'avx2']
    """
    for line in cpuinfo.splitlines():
        name, _, values = line.partition(":")
        if name.strip().lower() in ("flags", "features"):  # the first on x86-64, the second on aarch64
            return values.split()
    return []


def _read_features(architecture: str) -> Collection[str]:
    if sys.platform == "win32":
        return _features_on_windows()
    if sys.platform == "darwin":
        return _features_on_macos(architecture)
    with contextlib.suppress(OSError):
        return flags_in(Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace"))
    return ()


def _features_on_macos(architecture: str) -> Collection[str]:
    names = {"hw.optional.arm.FEAT_BF16": "bf16"} if architecture == "arm64" else {
        "hw.optional.avx2_0": "avx2",
        "hw.optional.avx512f": "avx512f",
    }  # fmt: skip
    found = []
    for name, feature in names.items():
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            answer = subprocess.run(["/usr/sbin/sysctl", "-n", name], capture_output=True, text=True, timeout=5)
            if answer.stdout.strip() == "1":
                found.append(feature)
    return found


def _features_on_windows() -> Collection[str]:
    """The two that Windows tells: 40 and 41 are `PF_AVX2_…` and `PF_AVX512F_INSTRUCTIONS_AVAILABLE` of winnt.h."""
    import ctypes

    is_present = ctypes.windll.kernel32.IsProcessorFeaturePresent  # type: ignore[attr-defined,unused-ignore]
    return [feature for number, feature in ((40, "avx2"), (41, "avx512f")) if is_present(number)]
