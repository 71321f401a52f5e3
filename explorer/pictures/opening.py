"""How is a picture that a person gave opened, within bounds of memory?"""

from __future__ import annotations

from PIL import Image

from explorer.pictures.preprocess import WORK_PX
from trainer.datasets.pictures import open_picture

ENOUGH_PX = 2 * WORK_PX  # twice what ink is looked for in: reducing it again loses nothing that can be seen


def open_upload(data: bytes, name: str) -> Image.Image:
    """`open_picture`, but much larger pictures come back reduced, their longer side no shorter than `ENOUGH_PX`."""
    return open_picture(data, name, draft_px=ENOUGH_PX, enough_px=ENOUGH_PX)
