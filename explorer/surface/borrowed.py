"""Which constants must the browser agree on that Python keeps where they are used? Their names in `schema.ts`, values and comments."""

from __future__ import annotations

from typing import Any

from explorer.pictures import arrays, frame, ink, preprocess, protocols
from trainer.datasets import pictures
from trainer.latent import interpolation, paths
from trainer.maps import support
from trainer.metrics import collapse
from trainer.models import layers

BORROWED: tuple[tuple[str, Any, str], ...] = (
    ("PATH_KINDS", interpolation.PATH_KINDS, "trainer/latent/interpolation.py"),
    ("LATENT_PATH_KINDS", paths.LATENT_PATH_KINDS, "trainer/latent/paths.py"),
    (
        "SUPPORT_NEIGHBOUR",
        support.NEIGHBOUR,
        "trainer/maps/support.py: which nearest code's distance says how few encoded images are around.",
    ),
    ("SUPPORT_LOW", support.LOW, "Below: low density of encoded images."),
    ("SUPPORT_MEDIUM", support.MEDIUM, "Below: medium density."),
    ("SUPPORT_TAIL", support.TAIL, "Of the prior, on either side of the norm."),
    ("SUPPORT_LEVELS", support.LEVELS, ""),
    (
        "ACTIVE_VARIANCE",
        collapse.ACTIVE_VARIANCE,
        "Of the codes in one dimension; below it the dimension is not active (Burda et al. 2016, section 5.1).",
    ),
    ("INPUT", layers.INPUT, "trainer/models/layers.py: in `inputs`, what the network is given, a picture or a code."),
    ("CLASS", layers.CLASS, "In `inputs`: the class, one hot, (Y,)."),
    ("TABLE_NEIGHBOURS", layers.NEAREST, "Pictures of a scattered table of which a mean is taken."),
    (
        "ERROR_ON_LIGHT",
        arrays.ON_LIGHT.tolist(),
        "explorer/pictures/arrays.py: no error, a reconstruction brighter, darker than its picture.",
    ),
    ("ERROR_ON_DARK", arrays.ON_DARK.tolist(), "The same on a dark page."),
    ("MAX_PICTURE_BYTES", pictures.MAX_BYTES, "trainer/datasets/pictures.py: of a file."),
    ("MAX_PICTURE_PIXELS", pictures.MAX_PIXELS, "Before it is decoded."),
    ("SHEET", pictures.SHEET, "Share of its pixels that a picture shows; from there on it brings its own ground."),
    ("ONE_TONE", pictures.ONE_TONE, "Grey levels: what scatters less has no ground of its own."),
    ("WORK_PX", preprocess.WORK_PX, "explorer/pictures/preprocess.py: longer side at which ink is looked for."),
    ("SHOWN_PX", preprocess.SHOWN_PX, "Longer side of a step's picture."),
    ("MIDDLE_GREY", protocols.MIDDLE_GREY, "A border above it is light."),
    ("CANVAS", frame.CANVAS, "Work pixels per pixel of the model while the stroke is measured and thickened."),
    ("FIT_PX", ink.FIT_PX, "explorer/pictures/ink.py: the surface of the paper is fitted to so many pixels a side."),
    ("PIECES_PX", ink.PIECES_PX, "Size at which ink is taken apart into pieces."),
    ("MIN_CONTRAST", ink.MIN_CONTRAST, "Grey levels between ink and paper."),
    ("MIN_CONTRAST_GRAINS", ink.MIN_CONTRAST_GRAINS, "The same in standard deviations of the paper's grain."),
    ("NO_PAPER", ink.NO_PAPER, "Grey levels: paper that scatters more is none."),
    ("MAX_GRAIN", ink.MAX_GRAIN, "Grey levels: what scatters more is no paper."),
    ("SAME_GREY", ink.SAME_GREY, "Grey levels: so near to the surface a pixel counts for it."),
    ("FAINT", ink.FAINT, "Of full ink: what is fainter does not count for its extent."),
    ("SPECK", ink.SPECK, "Of the largest piece's area: what is smaller is dirt."),
    ("SAME_VALUE", ink.ONE_TONE, "Relative: values that differ by less are one."),
    (
        "LONG_CONTACT",
        ink.LONG_CONTACT,
        "Of the mean side: a piece that touches the border for longer is an edge or a shadow, no stroke.",
    ),
)
