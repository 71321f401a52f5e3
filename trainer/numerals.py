"""How are numbers written for people? One spelling for the page, the command line and messages.

Thousands are set apart by a space (10 000), a per cent sign by a space (36 %), the minus is a true one, zero has no sign, and dimensions
count from 1 (z₁). The spaces do not break a line. `frontend/src/ui/format.ts` is the same in the browser; a test holds the two together.
"""

from __future__ import annotations

import math

MINUS = "\u2212"
SPACE = "\u00a0"  # a number and its unit stay on one line
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
LARGEST = 1e6  # from here on powers of ten
LEAST_DECIMALS, MOST_DECIMALS = 2, 12


def count(n: int) -> str:
    """A whole number with its thousands set apart: 10 000; four digits stay together: 2000."""
    return number(n, 0) if abs(n) < 10_000 else f"{n:,}".replace(",", SPACE).replace("-", MINUS)


def counted(n: int, thing: str) -> str:
    """“1 row”, “2 rows”: of things whose plural ends with an s."""
    return f"{count(n)} {thing}{'' if n == 1 else 's'}"


def percent(share: float, digits: int = 0) -> str:
    """A share in per cent; never 0 % of something nor 100 % of less than all: < 1 %, > 99 %. n/a for what is no number."""
    if not math.isfinite(share):
        return "n/a"
    least = 10.0**-digits
    if 0 < 100 * share <= least / 2:  # a half is rounded to the even number, which is 0
        return f"< {least:.{digits}f}{SPACE}%"
    if 100 - least / 2 <= 100 * share < 100:
        return f"> {100 - least:.{digits}f}{SPACE}%"
    return f"{number(100 * share, digits)}{SPACE}%"


def number(value: float, digits: int = 2) -> str:
    """A true minus sign, never −0.00; what no scale of a model reaches in powers of ten; n/a for what is no number."""
    if not math.isfinite(value):
        return "n/a"
    if abs(value) >= LARGEST and digits:
        mantissa, exponent = f"{value:.1e}".split("e")
        return f"{mantissa} · 10^{int(exponent)}".replace("-", MINUS)
    text = f"{value:.{digits}f}"
    return (text.removeprefix("-") if float(text) == 0 else text).replace("-", MINUS)


def decimals(scale: float) -> int:
    """Decimals of numbers that are spread over `scale`: a hundredth of it shows; two where there is no scale, and never fewer."""
    if not 0 < scale < math.inf:
        return LEAST_DECIMALS
    return min(MOST_DECIMALS, max(LEAST_DECIMALS, LEAST_DECIMALS - int(f"{scale:.16e}".split("e")[1])))


def distance(value: float) -> str:
    """A distance, with two digits that are not leading zeros: 0.42, 0.0042."""
    return number(value, decimals(10 * value))


def three_figures(value: float) -> int:
    """Decimals with which about three figures of a number count, whatever its size: a β may be 0.002 or 784."""
    if value == 0 or not math.isfinite(value):
        return LEAST_DECIMALS
    return min(6, max(0, 2 - math.floor(math.log10(abs(value)))))


def dimension(k: int) -> str:
    """The name of latent dimension k, which counts from 0: z₁ for 0."""
    return f"z{str(k + 1).translate(SUBSCRIPTS)}"
