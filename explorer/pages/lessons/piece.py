"""How does an interactive piece stand beside the text of a lesson?"""

from __future__ import annotations

from explorer.cache.pieces import piece_address
from explorer.lessons.pieces import PIECES, Play
from explorer.session.lessons import reading as lesson
from explorer.surface.component import lesson_piece
from explorer.surface.lesson_schema import PieceTold

KEY = "lesson-piece"


def show_piece(key: str, run: str, play: Play) -> None:
    """An interactive piece; it goes on while the same scene is shown."""
    told = PieceTold(
        key=key,
        piece=play.piece,
        theta=play.theta,
        is_room=lesson.mode() == "room",
        address=piece_address(run, play.image, KEY) if PIECES[play.piece].of_image else "",
    )
    lesson_piece(told, KEY)
