"""Do the names of points lie on nothing? Boxes are laid out here once more, by hand."""

from __future__ import annotations

import numpy as np

from explorer.charts.label_placement import GAP_PX, LETTER_PX, LINE_PX, SIDES, label_sides


def box(place, side, text):
    up, across = side.split()
    x = {"left": -GAP_PX - len(text) * LETTER_PX, "center": -len(text) * LETTER_PX / 2, "right": GAP_PX}[across]
    y = {"top": -GAP_PX - LINE_PX, "middle": -LINE_PX / 2, "bottom": GAP_PX}[up]
    return place[0] + x, place[1] + y, place[0] + x + len(text) * LETTER_PX, place[1] + y + LINE_PX


def overlap(a, b):
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def test_a_point_alone_has_its_name_on_the_right_and_at_the_right_border_elsewhere():
    assert label_sides([(300, 200)], ["name"], 1000, 400, 300) == ["middle right"]
    [side] = label_sides([(990, 200)], ["a long name"], 1000, 400, 300)
    left, top, right, bottom = box((990, 200), side, "a long name")
    assert left >= 0 and right <= 1000 and top >= 0 and bottom <= 400


def test_a_name_that_would_leave_a_phones_frame_goes_to_the_other_side():
    assert label_sides([(800, 200)], ["digits-16d"], 1000, 400, 1000) == ["middle right"]
    [side] = label_sides([(800, 200)], ["digits-16d"], 1000, 400, 300)
    left, _, right, _ = box((240, 200), side, "digits-16d")
    assert left >= 0 and right <= 300


def test_neighbours_do_not_write_over_each_other():
    rng = np.random.default_rng(3)
    for _ in range(50):
        middle = rng.uniform([250, 120], [750, 280])
        places = [tuple(middle + shift) for shift in ([0, 0], [24, 14], [-40, 30])]
        texts = ["sweep-beta-4", "digits-2d", "mine"]
        boxes = [
            box(place, side, text)
            for place, side, text in zip(places, label_sides(places, texts, 1000, 400, 1000), texts, strict=True)
        ]
        dots = [(x - 6, y - 6, x + 6, y + 6) for x, y in places]
        assert not any(overlap(boxes[i], boxes[j]) for i in range(3) for j in range(i))
        assert not any(overlap(boxes[i], dots[j]) for i in range(3) for j in range(3))


def test_plotly_knows_all_sides():
    import plotly.graph_objects as go

    assert list(go.Scatter(textposition=list(SIDES)).textposition) == list(SIDES)
