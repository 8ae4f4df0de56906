"""The processor's kind from real files, and the kernels that follow from it, before TensorFlow is imported."""

import json

import pytest

from mnistlab.system import processor as module
from mnistlab.system.processor import Processor, flags_in
from processes import run_python

# Shortened from /proc/cpuinfo of the processors named: the flags that matter, and some that must not be mistaken.
SAPPHIRE_RAPIDS = (
    "fpu sse2 fma avx2 f16c avx512f avx512dq avx512bw avx512vl avx_vnni "
    "avx512_bf16 avx512_vnni amx_bf16 amx_tile amx_int8"
)
ZEN_4 = "fpu sse2 fma avx2 f16c avx512f avx512dq avx512bw avx512vl avx512_bf16 avx512_vnni avx512_vbmi2"
ICE_LAKE = "fpu sse2 fma avx2 f16c avx512f avx512dq avx512bw avx512vl avx512_vnni"
SKYLAKE_X = "fpu sse2 fma avx2 f16c avx512f avx512dq avx512bw avx512vl"
ALDER_LAKE = "fpu sse2 fma avx2 f16c avx_vnni"
ZEN_2 = "fpu sse2 fma avx2 f16c"
IVY_BRIDGE = "fpu sse2 avx f16c"
GRAVITON_3 = "fp asimd sve bf16 i8mm"
GRAVITON_2 = "fp asimd"


@pytest.mark.parametrize(
    ("architecture", "flags", "kind", "tensorflow_alone", "bfloat16"),
    [
        ("x86_64", SAPPHIRE_RAPIDS, "amx", True, True),
        ("x86_64", ZEN_4, "avx512-bf16", True, True),
        ("x86_64", ICE_LAKE, "avx512-vnni", True, False),
        ("x86_64", SKYLAKE_X, "avx512", False, False),
        ("x86_64", ALDER_LAKE, "avx2", True, False),
        ("amd64", ZEN_2, "avx2", False, False),
        ("x86_64", IVY_BRIDGE, "x86-64", False, False),
        ("x86_64", "", "x86-64", False, False),
        ("aarch64", GRAVITON_3, "aarch64-bf16", None, False),
        ("arm64", GRAVITON_2, "aarch64", None, False),
        ("riscv64", "avx2", "other", None, False),
    ],
)
def test_kinds_of_processors(architecture, flags, kind, tensorflow_alone, bfloat16):
    here = Processor(architecture, frozenset(flags.split()))
    assert here.kind == kind
    assert here.tensorflow_uses_onednn is tensorflow_alone
    assert here.multiplies_bfloat16 is bfloat16


@pytest.mark.parametrize(
    ("cpuinfo", "expected"),
    [
        ("processor\t: 0\nvmx flags\t: vnmi\nflags\t\t: fpu avx2\nbugs\t: flags\n", ["fpu", "avx2"]),
        ("processor\t: 0\nFeatures\t: fp asimd bf16\n", ["fp", "asimd", "bf16"]),
        ("processor\t: 0\n", []),
        ("", []),
    ],
)
def test_features_are_read_from_cpuinfo(cpuinfo, expected):
    assert flags_in(cpuinfo) == expected


@pytest.mark.parametrize(
    ("held", "kind", "tensorflow_alone"),
    [
        ("AVX2", "avx2", False),
        ("avx2", "avx2", False),
        ("AVX512_CORE", "avx512", False),
        ("AVX512_CORE_VNNI", "avx512-vnni", True),
        ("AVX512_CORE_BF16", "avx512-bf16", True),
        ("SSE41", "x86-64", False),
        ("DEFAULT", "amx", True),
        ("", "amx", True),
    ],
)
def test_onednn_held_to_older_instructions(held, kind, tensorflow_alone):
    here = Processor("x86_64", frozenset(SAPPHIRE_RAPIDS.split())).held_to(held)
    assert (here.kind, here.tensorflow_uses_onednn) == (kind, tensorflow_alone)


@pytest.fixture
def machine(monkeypatch):
    """Gives the test a machine with some features and no variable that decides anything."""
    for name in (module.ONEDNN, *module.HELD_BY):
        monkeypatch.setenv(name, "")  # so that it is gone after the test, whatever the code sets
        monkeypatch.delenv(name)

    def become(flags, architecture="x86_64"):
        here = Processor(architecture, frozenset(flags.split()))
        monkeypatch.setattr(module, "real_processor", lambda: here)

    return become


@pytest.mark.parametrize("flags", [ZEN_2, SKYLAKE_X, ZEN_4, SAPPHIRE_RAPIDS])
def test_onednn_is_asked_for_from_avx2_on(flags, machine):
    machine(flags)
    assert module.chooses_onednn() is True
    module.choose_kernels()
    assert module.os.environ[module.ONEDNN] == "1"
    assert module.uses_onednn() is True


@pytest.mark.parametrize(("flags", "architecture"), [(IVY_BRIDGE, "x86_64"), (GRAVITON_3, "aarch64")])
def test_elsewhere_tensorflow_chooses(flags, architecture, machine):
    machine(flags, architecture)
    module.choose_kernels()
    assert module.ONEDNN not in module.os.environ


@pytest.mark.parametrize(("value", "uses"), [("0", False), ("1", True), ("false", False)])
def test_the_user_decides(value, uses, machine, monkeypatch):
    machine(ZEN_4)
    monkeypatch.setenv(module.ONEDNN, value)
    module.choose_kernels()
    assert module.os.environ[module.ONEDNN] == value
    assert module.uses_onednn() is module.chooses_onednn() is uses


def test_a_hold_on_onednn_counts(machine, monkeypatch):
    machine(ZEN_4)
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    assert module.processor().kind == "avx2"
    assert not module.processor().multiplies_bfloat16


SAY = """
import json, os
os.environ.pop("TF_ENABLE_ONEDNN_OPTS", None)  # which the tests' own process has set
from mnistlab.models.backend import describe_environment
from mnistlab.models.precision import resolve_precision
print(json.dumps([os.environ.get("TF_ENABLE_ONEDNN_OPTS"), describe_environment(), resolve_precision("auto")]))
"""


def test_a_process_held_to_avx2_takes_onednn_in_float32():
    if module.real_processor().kind in ("x86-64", "aarch64", "aarch64-bf16", "other"):
        pytest.skip("this processor has no AVX2")
    said = run_python(SAY, ONEDNN_MAX_CPU_ISA="AVX2")
    variable, environment, precision = json.loads(said.stdout.splitlines()[-1])
    assert (variable, environment["processor"], environment["onednn"]) == ("1", "avx2", "on")
    assert precision == "float32"
