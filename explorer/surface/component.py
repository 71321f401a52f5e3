"""How is the live surface put on a Streamlit page?

One Components-v2 mount. What is passed inline goes to every browser with every answer of the server, so it is a few lines that fetch the
program: once, from an address that follows from its bytes. Where no server runs, as in a test, the program itself is passed.

A bundle that was built anew is read anew: its version is part of the name under which Streamlit keeps it, since one name stays one program.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import streamlit as st

from explorer.surface import bundles
from explorer.surface.bundles import Bundle
from explorer.surface.lesson_schema import LessonTerms, LessonTold, PieceTold
from explorer.surface.served import address_of, lasting_address_of
from explorer.surface.training_schema import AppFilm, FilmShown
from trainer.datasets import piano_roll

FETCHES = """let program = null;
const later = import(new URL(%s, document.baseURI).href).then((found) => (program = found));
export default (component) => {
  if (program) return program.default(component);
  let isGone = false, leave;
  const tell = () => {
    const words = document.createElement("p");
    words.setAttribute("role", "alert");
    words.textContent = "A program of this page did not arrive. Reload the page.";
    component.parentElement.replaceChildren(words);
  };
  later.then(({ default: show }) => { if (!isGone) leave = show(component); }, () => isGone || tell());
  return () => { isGone = true; leave?.(); };
};
"""
"""A component that fetches its program; what calls it before that is there is answered then."""


@lru_cache(maxsize=32)
def _registered(bundle: Bundle, version: int, address: str) -> Any:
    text = FETCHES % json.dumps(address) if address else bundles.read(f"{bundle}.js")
    return st.components.v2.component(f"latent_{bundle}_{version}{'_fetched' if address else ''}", js=text)


def _component(bundle: Bundle) -> Any:
    return _registered(bundle, bundles.stamp(f"{bundle}.js"), _address(bundle))


def _address(bundle: Bundle) -> str:
    """Where the browser fetches a program."""
    name = f"{bundle}.js"
    return lasting_address_of((name, bundles.stamp(name)), "application/javascript", lambda: bundles.read(name).encode())


def searches_address() -> str:
    """Where the surface fetches the program that searches for true posteriors and geodesics, once one is asked for."""
    return _address("searches")


def sound_address(dataset: str) -> str:
    """Where the surface fetches the program that plays piano rolls; "" for a data set whose images are none."""
    return "" if piano_roll(dataset) is None else _address("sound")


def live_chart(data: dict[str, Any], key: str) -> None:
    """One of the clinic's charts that act while a slider is dragged; frontend/src/clinic says what `data` holds."""
    _component("clinic")(data=data, key=key)


def train_page(data: bytes, key: str, on_images: Callable[[], None], on_keep: Callable[[], None]) -> None:
    """The page that trains in the browser, with `training.for_app`'s bytes.

    on_images: called before the rerun that asks for other images · on_keep: before the one that hands over a training to be kept.
    """
    _component("train")(data=data, key=key, on_images_change=on_images, on_keep_change=on_keep)


def training_watch(moment: bytes, key: str, on_set: Callable[[], None]) -> None:
    """A training on this machine, with `live.pack_live`'s bytes. on_set: called before the rerun that another β or learning rate causes."""
    _component("train")(data=moment, key=key, on_set_change=on_set)


def film_surface(shown: FilmShown, film: bytes, key: str, on_leave: Callable[[], None]) -> None:
    """The film of a run's training, `film.pack_film`'s bytes, which the browser fetches once.

    on_leave: called before the rerun that leaving it causes
    """
    data: AppFilm = {"shown": shown, "address": address_of(film, "application/octet-stream", key)}
    _component("film")(data=data, key=key, on_leave_change=on_leave)


def _nothing() -> None:
    """For what is read in the rerun, and not before it."""


def lesson_watch(told: LessonTold, key: str) -> None:
    """What watches the tasks of a lesson's step, and keeps how far the visitor is; it shows nothing.

    It sends `done`, keys of tasks that were seen to be done, `places`, what the browser kept of each lesson by its name, and `step`, to
    which another window of the browser went.
    """
    with st.container(key="lesson-watch"):
        _component("lessons")(data=told, key=key, on_done_change=_nothing, on_places_change=_nothing, on_step_change=_nothing)


def lesson_terms(terms: LessonTerms, key: str) -> None:
    """The terms of a formula as chips: pointed at, one shows its words and lights its layer on the map of the page."""
    _component("lessons")(data=terms, key=key)


def lesson_piece(told: PieceTold, key: str) -> None:
    """An interactive piece beside a lesson's text. What it is about, `lessons.piece_data.pack_piece`'s bytes, the browser fetches once."""
    with st.container(key=f"{key}-frame"):
        _component("pieces")(data=told, key=key)


SHARE_MENU = "share-menu"


def browser_history(address: str, run_id: str, staged: str = "", screen: str = "") -> None:
    """Makes an entry in the browser's history where the address is another one; to be called when all of a rerun is drawn.

    address: what the link says of this rerun. Where a rerun before it was cut short, what that one wrote may reach the page late; it is
    put right when nothing runs any more.
    run_id: of a page without a map, whose it is: what the address says of the map of another run goes. "" for a page with a map.
    staged: another word where the map is to be put into the state `screen`, the part of an address after #
    """
    with st.container(key="history"):
        # the clock makes each rerun's word another one, or the page would not hear that an address is as it was before
        _component("history")(
            data={"address": address, "run": run_id, "staged": staged, "screen": screen, "at": time.monotonic_ns()},
            key="history-entries",
        )


def share_menu(fragment: str) -> None:
    """The entries that open the dialog with the link and its QR code; the same program as the history's draws both.

    fragment: what `events.sent(SHARE_MENU, "fragment")` has; the browser tells the address's when the menu opens with another one.
    """
    _component("history")(data={"menu": True, "fragment": fragment}, key=SHARE_MENU, on_fragment_change=lambda: None)


def surface(
    data: bytes,
    key: str,
    on_class: Callable[[], None],
    on_picture: Callable[[], None],
    on_film: Callable[[], None],
    with_pad: bool = False,
) -> None:
    """Shows the surface with `payload.pack`'s bytes. What the person pins is in `events.surface_event(key)` of the rerun it causes.

    on_class: called before the rerun that a click on a class of the strip causes; `class_choice.take_class` reads which.
    on_picture: the same where the person handed over the pad's picture; `pad.take_picture` keeps it.
    on_film: the same where the film of the training is asked for; only where `Options.film` says that there is one.
    with_pad: the larger program, which has the pad.
    """
    _component("studio" if with_pad else "surface")(
        data=data,
        key=key,
        on_pin_change=lambda: None,
        on_class_change=on_class,
        on_picture_change=on_picture,
        on_film_change=on_film,
    )
