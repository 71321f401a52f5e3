"""What do the two pages before the app say, the one that asks for the word and the one that a teacher projects? All words are escaped."""

from __future__ import annotations

import base64
import hashlib
import html
from importlib.resources import files
from string import Template

import segno

STYLE = files("explorer.room").joinpath("doors.css").read_text(encoding="utf-8")

PAGE = Template("""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer"><title>$title</title><style>$style</style></head>
<body><main>$body</main><script>$script</script></body></html>
""")

ASK = Template("""<h1>Latent Atlas</h1>
<form method="post" action="room"><p>$words</p>
<label for="word">Word of the room</label>
<input id="word" name="word" autocomplete="off" autocapitalize="none" spellcheck="false" maxlength="100" required autofocus $described>
<input type="hidden" name="next" value="$next">
<button>Come in</button></form>""")

# a QR code brings a key in place of the word after #, which browsers send to nobody
BRING = """const word = decodeURIComponent(location.hash.slice(1));
if (word) { history.replaceState(null, "", location.pathname + location.search); document.querySelector("#word").value = word;
document.querySelector("form").requestSubmit(); }"""

DOOR = Template("""<h1>Latent Atlas</h1>
<div class="two"><div class="code">$code</div>
<div><dl><dt>Open with a phone's camera, or go to</dt><dd>$address</dd><dt>Word of the room</dt><dd>$word</dd>
<dt>Here now</dt><dd><span id="here" role="status">$here</span></dd></dl>
<p class="soft">$about</p><a class="button" href="$app">Open the app</a></div></div>""")

COUNT = """const here = document.querySelector("#here");
setInterval(async () => {
try { const answer = await fetch("room/here"); if (answer.ok) here.textContent = await answer.text(); } catch {} }, 3000);"""


def ask_page(next_query: str, fault: str = "") -> bytes:
    """The page that asks for the word. next_query: where one goes then, "" or ?…; fault: why the last try did not count."""
    words = f'<span class="bad" id="fault" role="alert">{html.escape(fault)}</span>' if fault else "This app is open to a room."
    described = 'aria-describedby="fault" aria-invalid="true"' if fault else ""
    # after a fault nothing is sent by itself: it would be the same word again
    script = "" if fault else BRING
    return _page(
        "Word of the room · Latent Atlas", ASK.substitute(words=words, described=described, next=html.escape(next_query)), script
    )


def door_page(address: str, word: str, link: str, here: str, next_query: str) -> bytes:
    """What a teacher projects. address: as visitors type it · link: what the code says · here: how many there are, in words"""
    code = segno.make(link, error="m").svg_inline(border=0, omitsize=True, dark="#000", light="#fff")
    about = "Who comes by the code types no word. " + (
        "It leads to the page that you had open."
        if next_query
        else "Everybody has a page of their own; nothing of it is kept here."
    )
    body = DOOR.substitute(
        code=code.replace("<svg", '<svg role="img" aria-label="QR code of the room"', 1),
        address=html.escape(address.removeprefix("http://")),
        word=html.escape(word),
        here=html.escape(here),
        about=about,
        app=html.escape(f"./{next_query}"),
    )
    return _page("The room · Latent Atlas", body, COUNT)


def policy(page: bytes) -> str:
    """The Content-Security-Policy of one of these pages: its own style and program, by hash, and requests to this server alone."""
    text = page.decode()
    hashes = [
        f"'sha256-{base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()}'"
        for part in (STYLE, text.split("<script>")[1].split("</script>")[0])
    ]
    return (
        f"default-src 'none'; style-src {hashes[0]}; script-src {hashes[1]}; connect-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'self'"
    )


def _page(title: str, body: str, script: str) -> bytes:
    return PAGE.substitute(title=title, style=STYLE, body=body, script=script).encode()
