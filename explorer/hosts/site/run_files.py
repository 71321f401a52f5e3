"""Which files of a site are of a run? Its two parts, its film, its small pictures; and what the list says of it, as the app does."""

from __future__ import annotations

from typing import Literal

from explorer.hosts.site.parts import Files, add_part
from explorer.hosts.site.pictures import add_pictures
from explorer.hosts.site.run_parts import images_of, run_parts
from explorer.surface.film import pack_film_bundle
from explorer.surface.site_schema import SiteMap, SiteRun
from explorer.text.gallery import cards
from explorer.text.verdict import POINTS, Line
from trainer.errors import LatentError
from trainer.runs.read import Run


def add_run(files: Files, run: Run) -> SiteRun:
    """Raises `LatentError` for a run that no page can show."""
    name = run.id
    (card,) = cards({name: run.info})
    line = card.line or POINTS
    try:
        parts, film = run_parts(run), pack_film_bundle(run)
    except LatentError as error:
        raise LatentError(f"run {name} cannot be part of a site: {error}") from None
    return SiteRun(
        name=name,
        data=card.data,
        model=card.model,
        sentence=card.sentence,
        verdict=line.headline,
        tone=_tone(line),
        pictures=add_pictures(files, run),
        maps=[SiteMap(name=of, title=title) for of, title in parts.maps],
        labels=list(parts.labels),
        images=images_of(run),
        first=add_part(files, "runs", name, parts.first),
        rest=add_part(files, "runs", f"{name}.rest", parts.rest) if parts.rest else "",
        film=add_part(files, "runs", f"{name}.film", film) if film else "",
    )


def _tone(line: Line) -> Literal["good", "bad", "none"]:
    return "bad" if line.is_alarm else "good" if line.colour == "green" else "none"
