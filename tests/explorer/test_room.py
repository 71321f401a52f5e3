"""Is nothing of a room's app reached without the word, and does nobody take more than their share? Asked as a visitor's program would."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import httpx
import pytest
import segno
import zxingcpp
from PIL import Image
from streamlit.proto.BackMsg_pb2 import BackMsg

from explorer.hosts.cli import atlas_main
from explorer.hosts.serve_command import _proxies, _public
from explorer.room import limits
from explorer.room.buckets import Bucket, Buckets, Rate
from explorer.room.gate import Gate
from explorer.room.key import NOUNS, Keys, Pass, checked_word, drawn_word
from explorer.room.limits import Limits
from explorer.room.room import COOKIE, Room
from trainer.errors import LatentError

Result = TypeVar("Result")
WORD = "Tulip orchard"
HERE = "http://atlas.test"


class Time:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class App:
    """The app behind the gate: remembers what reached it."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.bodies: list[bytes] = []
        self.got: list[dict] = []

    async def __call__(self, scope, receive, send) -> None:
        self.seen.append(scope["path"])
        if scope["type"] == "websocket":
            while (message := await receive())["type"] != "websocket.disconnect":
                self.got.append(message)
            self.got.append(message)
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if message["type"] == "http.disconnect":
                return
            if not message.get("more_body"):
                break
        self.bodies.append(body)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"cache-control", b"no-cache")]})
        await send({"type": "http.response.body", "body": b"the app"})


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def room(clock) -> Room:
    return Room(WORD, HERE, Keys(WORD), Limits(clock))


@pytest.fixture
def app() -> App:
    return App()


def run_alone(work: Coroutine[Any, Any, Result]) -> Result:
    """In a thread of its own: in the test's own a browser of another file may have a loop that runs."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def visit(app: App, room: Room, what: Callable[[httpx.AsyncClient], object], **options) -> httpx.Response:
    async def one() -> httpx.Response:
        transport = httpx.ASGITransport(Gate(app, room), client=options.pop("client", ("10.0.0.7", 5000)))
        async with httpx.AsyncClient(transport=transport, base_url=HERE, **options) as client:
            return await what(client)

    return run_alone(one())


def entered(room: Room, role: str = "visitor") -> dict[str, str]:
    return {COOKIE: room.keys.new_pass(role)}


# --- the word


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/static/js/index.js",
        "/media/0af.bin",
        "/_stcore/host-config",
        "/_stcore/upload_file/a/b",
        "/component/x",
        "/door",
        "/room/here",
        "/any",
    ],
)
def test_nothing_is_reached_without_the_word(app, room, path):
    answer = visit(app, room, lambda client: client.get(path))
    assert (answer.status_code, app.seen) == (303, [])
    assert answer.headers["location"] == "/room"
    assert visit(app, room, lambda client: client.put(path, content=b"x")).status_code == 303


def test_whether_the_server_lives_is_nobodys_secret(app, room):
    assert visit(app, room, lambda client: client.get("/_stcore/health")).text == "the app"


@pytest.mark.parametrize("said", [WORD, "tulip orchard", "  TULIP ORCHARD "])
def test_whoever_says_the_word_comes_in_as_people_type_it(app, room, said):
    async def come(client):
        answer = await client.post("/room", data={"word": said})
        assert answer.status_code == 303 and answer.headers["location"] == "./"
        assert {"httponly", "samesite=lax", "path=/"} <= {part.strip().lower() for part in answer.headers["set-cookie"].split(";")}
        return await client.get("/")

    assert visit(app, room, come).text == "the app"


@pytest.mark.parametrize("said", ["", "tulip", "tulip-orchard", "Tulip orchard!", "\ud800", "x" * 5000])
def test_another_word_is_refused_with_a_sentence(app, room, said):
    answer = visit(app, room, lambda client: client.post("/room", content=b"word=" + said.encode(errors="replace")))
    assert answer.status_code == 403 and "That is not the word of this room." in answer.text
    assert "set-cookie" not in answer.headers and app.seen == []


def test_tries_are_few_for_one_address_and_come_back_with_time(app, room, clock):
    def say(word, client="10.0.0.7", **headers):
        return visit(app, room, lambda one: one.post("/room", data={"word": word}, headers=headers), client=(client, 1))

    assert [say(WORD).status_code for _ in range(40)] == [303] * 40  # a class behind one address comes at once
    tries = [say("wrong one").status_code for _ in range(42)]
    assert tries == [403] * 40 + [429] * 2
    late = say(WORD)
    assert late.status_code == 429 and int(late.headers["retry-after"]) == 3 and "Wait 3 seconds" in late.text
    assert say(WORD, client="10.0.0.8").status_code == 303
    assert say(WORD, **{"x-forwarded-for": "1.2.3.4"}).status_code == 429  # anybody can write that
    clock.now += 3
    assert say(WORD).status_code == 303


def test_a_proxy_on_this_machine_says_whose_request_it_brings(app, room):
    def say(whose):
        return visit(
            app,
            room,
            lambda one: one.post("/room", data={"word": "no"}, headers={"x-forwarded-for": whose}),
            client=("127.0.0.1", 1),
        )

    assert [say("8.8.8.8, 9.9.9.9").status_code for _ in range(41)][-1] == 429
    assert say("9.9.9.9").status_code == 429 and say("8.8.8.8").status_code == 403
    assert [say(f"2001:db8:1:2::{i}").status_code for i in range(1, 42)][-1] == 429  # one line has all of these
    assert say("2001:db8:1:3::1").status_code == 403


def test_a_proxy_elsewhere_is_believed_where_it_is_named(app, clock):
    room = Room(WORD, HERE, Keys(WORD), Limits(clock), proxies=_proxies("172.17.0.0/16"))

    def say(whose):
        headers = {"x-forwarded-for": whose}
        return visit(
            app, room, lambda one: one.post("/room", data={"word": "no"}, headers=headers), client=("172.17.0.1", 1)
        ).status_code

    assert [say("9.9.9.9") for _ in range(41)][-1] == 429 and say("8.8.8.8") == 403
    with pytest.raises(LatentError, match=r"--proxy is 'here'; allowed: an address or a network"):
        _proxies("here")


def test_all_addresses_together_have_few_tries_too(app, room, monkeypatch, clock):
    room.limits.wrong_words_of_all = Bucket(Rate(200, 3), clock)

    def say(address):
        return visit(app, room, lambda one: one.post("/room", data={"word": "no"}), client=(address, 1)).status_code

    assert [say(f"10.0.1.{i}") for i in range(201)] == [403] * 200 + [429]


@pytest.mark.parametrize(
    ("wanted", "there"),
    [
        ("?view=lessons&lesson=08-dimensions-that-die", "./?view=lessons&lesson=08-dimensions-that-die"),
        ("?pins=-3.3_2.05&x=ä", "./?pins=-3.3_2.05&x=%C3%A4"),
        ("//evil.example", "./"),
        ("https://evil.example/?a", "./"),
        ("?a\r\nSet-Cookie: b=c", "./?a%0D%0ASet-Cookie:%20b=c"),
        ("javascript:alert(1)", "./"),
    ],
)
def test_after_the_word_one_comes_to_where_one_wanted_to_go_and_nowhere_else(app, room, wanted, there):
    answer = visit(app, room, lambda one: one.post("/room", data={"word": WORD, "next": wanted}))
    assert answer.headers["location"] == there and len(answer.headers.get_list("set-cookie")) == 1


def test_a_deep_link_asks_for_the_word_and_remembers_the_place(app, room):
    there = visit(app, room, lambda one: one.get("/?view=lessons&lesson=a")).headers["location"]
    page = visit(app, room, lambda one: one.get(there)).text
    assert 'name="next" value="?view=lessons&amp;lesson=a"' in page


def test_what_a_person_wrote_is_text_on_the_page(app, room):
    page = visit(app, room, lambda one: one.get('/room?next=?"><script>alert(1)</script>')).text
    assert "<script>alert" not in page and page.count("<script>") == 1


# --- cookies


def test_only_what_was_signed_here_counts(room):
    signed = room.keys.new_pass("visitor")
    assert room.pass_of(signed).role == "visitor"
    role, name, signature = signed.split(".")
    forged = [
        f"teacher.{name}.{signature}",
        f"{role}.{name}x.{signature}",
        f"{role}.{name}.",
        f"{role}.{name}.é",
        "",
        "a.b.c.d",
        f"admin.{name}.{signature}",
    ]
    assert [room.pass_of(one) for one in forged] == [None] * len(forged)
    assert Keys(WORD).read(signed) is None  # another start


def test_the_door_is_the_teachers(app, room):
    assert visit(app, room, lambda one: one.get("/door"), cookies=entered(room)).status_code == 404
    key = room.teachers_link().removeprefix(HERE)
    assert visit(app, room, lambda one: one.get(key + "x")).status_code == 404

    async def teach(client):
        assert (await client.get(key)).headers["location"] == "../door"
        return await client.get("/door?to=%3Fview%3Dlessons")

    page = visit(app, room, teach)
    assert WORD in page.text and "nobody yet" in page.text and page.headers["cache-control"] == "no-store"
    assert "script-src 'sha256-" in page.headers["content-security-policy"]


@pytest.mark.parametrize("query", ["", "?view=lessons&lesson=04-be-the-encoder&step=2"])
def test_the_code_brings_a_key_where_no_server_and_no_log_sees_it(room, query):
    picture = io.BytesIO()
    segno.make(room.link(query), error="m").save(picture, kind="png", scale=6)
    [read] = zxingcpp.read_barcodes(Image.open(picture))
    before, _, key = read.text.partition("#")
    assert room.keys.is_code(key) and key not in before and "ulip" not in read.text
    assert before.startswith(f"{HERE}/room")
    assert httpx.URL(before).params.get("next", "") == query


# --- shares


def test_a_bucket_gives_what_is_in_it_and_fills_steadily(clock):
    bucket = Bucket(Rate(3, 0.5), clock)
    assert [bucket.take() for _ in range(4)] == [0, 0, 0, 2]
    clock.now += 2
    assert (bucket.lack(1), bucket.take(), bucket.take()) == (0, 0, 2)
    clock.now += 1000
    assert [bucket.take() for _ in range(4)] == [0, 0, 0, 2]  # never fuller than at first
    assert [bucket.owe() for _ in range(2)] == [2, 4]  # whoever goes on waits longer


def test_buckets_of_many_names_are_forgotten_oldest_first(clock, monkeypatch):
    monkeypatch.setattr("explorer.room.buckets.MOST_KNOWN", 2)
    every = Buckets(Rate(1, 1), clock)
    assert [every.of(name).take() for name in "aab"] == [0, 1, 0]
    every.of("c")
    assert every.of("a").take() == 0  # forgotten, and full again


def test_a_visitor_has_few_sockets_and_others_do_not_feel_it(clock):
    shares = Limits(clock)
    one, other, teacher = Pass("a", "visitor"), Pass("b", "visitor"), Pass("t", "teacher")
    assert [shares.enter(one, "x") for _ in range(8)] == [True] * 6 + [False] * 2
    assert shares.enter(other, "x") and shares.enter(teacher, "x") and shares.n_here() == 2
    for _ in range(6):
        shares.leave(one, "x")
    assert shares.n_here() == 1
    assert [shares.enter(one, "x") for _ in range(3)] == [True] * 2 + [False]  # eight at once, however short they were
    clock.now += 5
    assert shares.enter(one, "x")


HEARTBEAT = BackMsg(app_heartbeat=True).SerializeToString()


def heard(data: bytes) -> dict:
    return {"type": "websocket.receive", "bytes": data}


def frames(*messages: dict) -> Callable[[], object]:
    left = [{"type": "websocket.connect"}, *messages, {"type": "websocket.disconnect", "code": 1000}]

    async def receive() -> dict:
        return left.pop(0)

    return receive


def socket_through(app: App, room: Room, cookie: str, *messages: dict) -> list[dict]:
    sent: list[dict] = []

    async def send(message) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/_stcore/stream", "headers": [(b"cookie", f"{COOKIE}={cookie}".encode())]}
    run_alone(Gate(app, room)(scope, frames(*messages), send))
    return sent


def test_a_socket_without_the_word_ends_before_the_app(app, room):
    assert socket_through(app, room, "none") == [{"type": "websocket.close", "code": 1008}]
    assert app.seen == []


def test_who_sends_without_a_pause_is_read_later_and_what_is_too_large_ends_the_socket(app, room, clock, monkeypatch):
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr("explorer.room.gate.asyncio.sleep", sleep)
    cookie = room.keys.new_pass("visitor")
    socket_through(app, room, cookie, *[heard(HEARTBEAT)] * 28)
    assert slept == [1, 2, 3] and len(app.got) == 30  # twenty-five at once; nothing is lost
    app.got.clear()
    socket_through(app, room, cookie, heard(b"x" * (limits.LARGEST_MESSAGE + 1)))
    assert [message["type"] for message in app.got] == ["websocket.connect", "websocket.disconnect"]
    assert room.limits.n_here() == 0


def test_what_is_for_developers_does_not_reach_the_app_and_nonsense_ends_the_socket(app, room):
    rerun = BackMsg()
    rerun.rerun_script.query_string = "view=samples"
    told = [
        BackMsg(clear_cache=True),
        BackMsg(load_git_info=True),
        BackMsg(debug_shutdown_runtime=True),
        BackMsg(set_run_on_save=True),
        rerun,
    ]
    socket_through(app, room, room.keys.new_pass("visitor"), *[heard(one.SerializeToString()) for one in told])
    assert [message.get("bytes") for message in app.got[1:-1]] == [rerun.SerializeToString()]
    app.got.clear()
    socket_through(app, room, room.keys.new_pass("visitor"), heard(b"\xff nonsense"), heard(HEARTBEAT))
    assert [message["type"] for message in app.got] == ["websocket.connect", "websocket.disconnect"]


def test_sockets_are_few_for_an_address_and_a_teacher_comes_in_all_the_same(clock):
    shares = Limits(clock)
    many = [Pass(f"v{i}", "visitor") for i in range(limits.MOST_SOCKETS_OF_ALL + 1)]
    assert [shares.enter(one, "here") for one in many[: limits.MOST_SOCKETS_OF_ADDRESS + 1]] == [
        True
    ] * limits.MOST_SOCKETS_OF_ADDRESS + [False]
    assert shares.enter(many[-1], "elsewhere") and shares.enter(Pass("t", "teacher"), "here")
    shares.leave(many[0], "here")
    shares.leave(many[1], "here")
    assert shares.enter(many[0], "here")


def test_new_visitors_of_an_address_are_not_endless_and_who_is_in_stays_who_they_are(app, room):
    async def come(client):
        answers = [await client.post("/room", data={"word": WORD}) for _ in range(5)]
        return [one.headers.get("set-cookie") is not None for one in answers]

    assert visit(app, room, come) == [True] + [False] * 4
    codes = [visit(app, room, lambda one: one.post("/room", data={"word": WORD})).status_code for _ in range(81)]
    assert codes[:79] == [303] * 79 and codes[-1] == 429


def test_the_code_opens_where_wrong_words_are_waited_for(app, room):
    for _ in range(45):
        last = visit(app, room, lambda one: one.post("/room", data={"word": "wrong one"}))
    assert last.status_code == 429
    assert visit(app, room, lambda one: one.post("/room", data={"word": room.keys.code})).status_code == 303
    assert visit(app, room, lambda one: one.get(room.teachers_link().removeprefix(HERE))).status_code == 303


def test_a_word_that_does_not_arrive_is_not_waited_for(app, room, monkeypatch):
    monkeypatch.setattr("explorer.room.gate.FORM_S", 0.01)
    sent: list[dict] = []

    async def never() -> dict:
        await asyncio.Event().wait()
        return {}

    async def send(message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/room", "headers": [], "query_string": b"", "client": ("10.0.0.7", 1)}
    run_alone(Gate(app, room)(scope, never, send))
    assert sent[0]["status"] == 408


def test_uploads_are_bounded_before_the_app_has_them(app, room):
    def put(content, cookies):
        return visit(app, room, lambda one: one.put("/_stcore/upload_file/a/b", content=content), cookies=cookies)

    cookies = entered(room)
    assert put(b"x" * 1000, cookies).status_code == 200
    large = put(b"x" * (limits.LARGEST_UPLOAD + 1), cookies)
    assert large.status_code == 413 and large.text == "At most 21 MB are taken at once."
    codes = [put(b"x" * 20_000_000, cookies).status_code for _ in range(4)]
    assert codes == [200, 200, 429, 429]
    assert put(b"x" * 20_000_000, entered(room)).status_code == 200  # another visitor

    async def parts() -> AsyncIterator[bytes]:
        for _ in range(25):
            yield b"x" * 1_000_000

    app.bodies.clear()
    with pytest.raises(AssertionError):  # httpx: the app gave no answer, as to somebody who has gone
        put(parts(), entered(room))
    assert app.bodies == []


def test_requests_without_a_pause_are_told_when_to_come_again(app, room):
    async def many(client):
        return [await client.get("/static/x") for _ in range(602)]

    answers = visit(app, room, many, cookies=entered(room))
    assert [one.status_code for one in answers[:600]] == [200] * 600
    assert answers[-1].status_code == 429 and answers[-1].text == "Too many requests at once. Try again in 1 second."


def test_a_map_is_kept_by_the_browser_and_nothing_else_is(app, room):
    def kept(path):
        return visit(app, room, lambda one: one.get(path), cookies=entered(room)).headers.get_list("cache-control")

    assert kept("/media/0af.gz") == kept("/media/0af.js") == kept("/media/0af.bin") == ["private, max-age=31536000, immutable"]
    assert kept("/media/0af.png") == kept("/") == ["no-cache"]


def test_a_program_is_compressed_once_for_all(app, room):
    async def fetch(client):
        many = [await client.get("/media/0af.js") for _ in range(3)]  # httpx asks for gzip, as browsers do
        return many, await client.get("/media/0af.js", headers={"accept-encoding": "identity"})

    many, plain = visit(app, room, fetch, cookies=entered(room))
    assert {(one.text, one.headers["content-encoding"], one.headers["vary"]) for one in many} == {
        ("the app", "gzip", "accept-encoding")
    }
    assert plain.text == "the app" and "content-encoding" not in plain.headers
    assert app.seen == ["/media/0af.js"] * 2


# --- the command


def test_a_drawn_word_is_typed_on_a_telephone():
    nouns = NOUNS.split()
    assert len(nouns) == len(set(nouns)) > 100
    first, second, digits = drawn_word().split("-")
    assert {first, second} <= set(nouns) and re.fullmatch("[1-9][0-9]{3}", digits)
    assert len({drawn_word() for _ in range(50)}) > 45


@pytest.mark.parametrize(("word", "n"), [("short", 5), ("", 0), ("x" * 101, 101), ("tab\tinside", 10)])
def test_a_word_that_is_easily_tried_is_refused(word, n):
    with pytest.raises(LatentError, match=f"the word has {n} letters; allowed: 6 to 100 printable letters"):
        checked_word(word)


@pytest.mark.parametrize(
    "url", ["atlas.example.org", "ftp://a.b", "https://", "https://a.b/path", 'https://a"b', "https://user@a.b"]
)
def test_what_is_no_place_for_visitors_is_refused(url):
    with pytest.raises(LatentError, match=r"--public is .* allowed: where visitors reach it"):
        _public(url)


def test_a_place_for_visitors_stands_as_it_is_typed():
    assert _public("https://atlas.example.org/") == "https://atlas.example.org" and _public(None) is None


def test_a_mistake_ends_before_anything_is_started(capsys):
    assert atlas_main(["serve", "--word", "abc"]) == 2
    assert "the word has 3 letters" in capsys.readouterr().err
    assert atlas_main(["serve", "--port", "0"]) == 2
    assert "--port is 0; allowed: 1 to 65535." in capsys.readouterr().err
