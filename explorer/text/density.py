"""What does a page say of the density of encoded images around a code?"""

from __future__ import annotations

SUPPORT_HELP = (
    "Share of encoded images whose 5th nearest code is at least as far away as that of this code, in all latent dimensions: about .5 where "
    "codes are dense, 0 where none is near. Below .02: low density, below .2: medium. A norm that 99 % of samples from "
    "the prior fall short of or exceed lowers it, unless codes are near."
)
