"""What Linux says of the processor, as far as arithmetic depends on it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_AMD = "AuthenticAMD"


@dataclass(frozen=True)
class Processor:
    """A processor; empty where Linux says nothing.

    Attributes:
        vendor: As the processor names itself, such as ``GenuineIntel``.
        flags: Its features.
    """

    vendor: str = ""
    flags: frozenset[str] = frozenset()

    @property
    def gains_by_bfloat16(self) -> bool:
        """Whether it multiplies bfloat16 faster than float32.

        AMX does, the AVX512-BF16 of an Intel does not and has the conversions to pay beside
        (docs/performance.md); that of an AMD is taken to. Without either oneDNN emulates it.
        """
        vectors = "avx512_bf16" in self.flags and self.vendor == _AMD
        return "amx_bf16" in self.flags or vectors


def read_processor(file: Path = Path("/proc/cpuinfo")) -> Processor:
    """This machine's, of which the first core stands for all."""
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return Processor()
    found: dict[str, str] = {}
    for name, _, value in (line.partition(":") for line in lines):
        found.setdefault(name.strip(), value.strip())
    return Processor(found.get("vendor_id", ""), frozenset(found.get("flags", "").split()))
