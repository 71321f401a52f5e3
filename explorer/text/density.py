"""What does a page say of the density of encoded images around a code?"""

from __future__ import annotations

SUPPORT_HELP = (
    "Share of encoded images whose 5th nearest code is at least as far away as that of this code, in all latent dimensions: about 0.5 "
    "where codes are dense, 0 where none is near. Below 0.02: low density, below 0.2: medium. Lower where ‖z‖ is smaller or larger than "
    "that of 99 % of samples from the prior, unless codes are near."
)
