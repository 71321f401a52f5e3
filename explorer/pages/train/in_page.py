"""What does the app give to the page that trains in the browser? Images, a list of others, and a way to keep a training as a run."""

from __future__ import annotations

from explorer.pages.train.images import chosen_images, offers, take_choice
from explorer.pages.train.keeping import may_keep, show_kept, take_kept
from explorer.surface.component import train_page
from explorer.surface.training import for_app

KEY = "train-page"


def show_in_page() -> None:
    """What was kept, and the page."""
    show_kept()
    data = for_app(chosen_images(), offers(), may_keep())
    train_page(data, KEY, on_images=lambda: take_choice(KEY), on_keep=lambda: take_kept(KEY))
