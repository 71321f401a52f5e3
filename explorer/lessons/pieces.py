"""Which interactive pieces can stand beside the text of a lesson, what does each need, and what of it can a task be about?

    piece: encoder          one image of a run with two latent dimensions and a probabilistic decoder
    run: mnist-2d
    image: 12

`explorer/surface/frontend/src/pieces` draws them; all they compute is computed there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from explorer.lessons.problems import Mistake
from explorer.surface.lesson_schema import PieceName
from trainer.runs.records import RunInfo

LEAST_THETA, MOST_THETA, THETA = 0.0, 100.0, 10.0


@dataclass(frozen=True)
class Piece:
    """What an author has to say of a piece, and what it tells."""

    keys: tuple[str, ...]
    """Of the block, beside `piece`."""
    subjects: tuple[str, ...]
    """Of `conditions.SUBJECTS`; tests hold it against what the browser tells."""

    @property
    def of_image(self) -> bool:
        """Whether it is about an image of a run."""
        return "image" in self.keys


PIECES: Mapping[PieceName, Piece] = {
    "encoder": Piece(("run", "image"), ("gap", "bound", "rate", "reconstruction")),
    "darts": Piece(("run", "image"), ("darts", "error", "source")),
    "integrate": Piece(("run", "image"), ("grid", "error")),
    "gradients": Piece(("theta",), ("draws", "baseline")),
    "surgery": Piece((), ("rate", "information", "marginal", "images")),
}


@dataclass(frozen=True)
class Play:
    """A piece beside the text."""

    piece: PieceName
    run: str = ""
    """Of a piece that is about an image; "" for the lesson's."""
    image: int = 0
    """Number of the test image, from 0."""
    theta: float = THETA
    """Of `gradients`: where the derivative is taken."""


def check_piece(play: Play, run: str, info: RunInfo) -> None:
    """Whether a run has what a piece is about. Raises `Mistake`. run: its name."""
    if not PIECES[play.piece].of_image:
        return
    config = info.config
    if config.latent_dim != 2:
        raise Mistake(
            f"run {run} has {config.latent_dim} latent dimensions", "use a run with two, whose plane can be integrated over"
        )
    if why := _why_no_density(info):
        raise Mistake(f"run {run} {why}", "use a run of a VAE without class labels, such as mnist-2d or digits-2d")
    n_images = info.metrics.n if info.metrics is not None else info.dataset.n_test
    if play.image >= n_images:
        raise Mistake(f"run {run} has no test image {play.image}", f"use a number from 0 to {n_images - 1}")


def _why_no_density(info: RunInfo) -> str:
    """Why p(x|z) and N(0, I) are not the whole of the model in the browser; "" where they are."""
    config = info.config
    if config.is_deterministic:
        return "is deterministic: it has no p(x|z)"
    if config.is_conditional:
        return "is class-conditional: its decoder is given the class of an image besides its code"
    if config.context:
        return "has a autoregressive decoder"
    if config.has_scale and config.scale == "per-pixel":
        return "has a scale for each pixel, which the page is not given"
    if info.origin is not None and (info.origin.decoder != "layers" or not config.has_encoder):
        return "was imported without layers of its decoder, or without an encoder"
    return ""
