"""The sections of Dimensions, in the order of the switch that chooses one; the first is shown by default.

To add one: a module here with `TITLE`, `offered` and `show`, and its name in the list.
"""

from __future__ import annotations

from explorer.pages.dimensions.section import Section
from explorer.pages.dimensions.sections import (
    amortisation,
    before_training,
    beta_sweep,
    class_bounds,
    codes,
    continuity,
    eigen_images,
    gradients,
    information,
    kl,
    prior,
    remedies,
    traversals,
)

SECTIONS: tuple[Section, ...] = (
    kl,
    codes,
    information,
    prior,
    traversals,
    continuity,
    eigen_images,
    class_bounds,
    amortisation,
    gradients,
    before_training,
    beta_sweep,
    remedies,
)
