"""The widget kit without a browser: controls, marks, pictures, and the live assembly driven from Python."""

import io
import re

import numpy as np
import pytest
from PIL import Image

from gradbook.book.explore import (
    COLOURS,
    Arrows,
    Bars,
    Choice,
    Dots,
    HeatMap,
    Labels,
    Number,
    Panel,
    Path,
    Picture,
    Point,
    Predict,
    Slider,
    Steps,
    Text,
    Toggle,
    arrow_outline,
    clip_polygon,
    contour_lines,
    join_paths,
    progress,
    show_figure,
    show_table,
)
from gradbook.book.explore.live import Live
from gradbook.book.explore.style import png


def compute(size, kind, flag, step, text, tip):
    """Every kind of mark; breaks in two ways on purpose."""
    if kind == "raises":
        raise ValueError("the method needs a positive size")
    t = np.linspace(0, 1, 5)
    return {
        "line": np.column_stack([t, np.nan * t if kind == "nan" else t * size]),
        "arrow": np.array([[[0, 0], tip]]),
        "dots": np.array([[0.5, 0.5]]),
        "words": [(0.1, 0.2, text)],
        "bars": np.array([0.2, 0.4]),
        "map": np.full((3, 4), size),
        "size": size,
        "verdict": f"it was {size}",
        "note": "stopped early" if flag else "",
        "step": step,
    }


def picture(**changes):
    settings = {
        "title": "Everything",
        "controls": [
            Slider("size", "size s", 0.1, 10, 1, log=True),
            Choice("kind", "kind", ["fine", "nan", "raises"], "fine"),
            Toggle("flag", "flag"),
            Steps("step", "step", 9),
            Text("text", "your text", "北京 here", 12, ["a", "two words"]),
            Point("tip", "tip", (0.5, 0.5), (-1, -1), (1, 1), vector=True),
        ],
        "compute": compute,
        "panels": [
            Panel("plane", (-1, 1), (-1, 1), [Path("line", "a line"), Arrows("arrow"), Dots("dots"), Labels("words")]),
            Panel("more", (-0.5, 1.5), (0, 1), [Bars("bars")], x_ticks={0: "a", 1: "b"}),
            Panel("map", (0, 1), (0, 1), [HeatMap("map", 0, 10)]),
        ],
        "caption": "Figure 9.1. Everything.",
        "alt": "All marks.",
        "readout": [Number("size", "s", ".1f")],
        "presets": {"large": {"size": 10}},
        "predict": Predict("How large?", ["dots"]),
    }
    return Picture(**{**settings, **changes})


# ---- geometry ----


def test_paths_are_joined_by_lifting_the_pen():
    joined = join_paths([[[0, 0], [1, 1]], [[2, 2]]])
    assert joined.shape == (4, 2)
    assert np.isnan(joined[2]).all()
    assert join_paths([]).shape == (0, 2)


def test_contours_lie_at_their_height():
    x = np.linspace(-2, 2, 81)
    lines = contour_lines(x, x, x[None, :] ** 2 + x[:, None] ** 2, [1.0])
    assert len(lines) > 20
    np.testing.assert_allclose(np.nansum(lines**2, axis=1)[~np.isnan(lines[:, 0])], 1, atol=2e-3)


def test_arrows_end_at_their_tip_and_a_zero_arrow_is_a_point():
    assert [0.6, 0.8] in arrow_outline((0, 0), (0.6, 0.8), 0.1).tolist()
    assert arrow_outline((1, 1), (1, 1), 0.1).tolist() == [[1, 1]]


def test_a_half_plane_cuts_a_square():
    square = [[-1, -1], [1, -1], [1, 1], [-1, 1]]
    half = clip_polygon(square, (1, 0))
    assert half[:, 0].min() == pytest.approx(0)
    assert len(clip_polygon([[1, 0], [2, 0], [2, 1]], (-1, 0))) == 0


# ---- controls ----


@pytest.mark.parametrize("control", picture().all_controls, ids=lambda c: c.name)
def test_samples_hold_both_ends_and_are_taken(control):
    samples = control.samples()
    assert len(samples) >= 2
    for value in samples:
        assert np.all(np.asarray(control.checked(value)) == np.asarray(value))
    if isinstance(control, Slider):
        assert samples[0] == pytest.approx(control.low)
        assert samples[-1] == pytest.approx(control.high)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Slider("a", "a", 0, 1, 2),
        lambda: Slider("a", "a", 1, 1, 1),
        lambda: Slider("a", "a", 0, 1, 0.5, log=True),
        lambda: Slider("a", "a", 1, 9, 3, at=(1, 3, 10)),
        lambda: Slider("a", "a", 1, 3, 3, at=(1, 3, 2, 3)),
        lambda: Choice("a", "a", ["x"], "y"),
        lambda: Text("a", "a", ""),
        lambda: Text("a", "a", " b"),
        lambda: Text("a", "a", "four", longest=3),
        lambda: Text("a", "a", "b", examples=["line\nbreak"]),
        lambda: Point("a", "a", (3, 0)),
        lambda: picture(presets={"bad": {"size": 99}}),
        lambda: picture(presets={"bad": {"nobody": 1}}),
        lambda: picture(controls=[Toggle("flag", ""), Toggle("flag", "")], presets={}),
    ],
)
def test_impossible_controls_are_refused(make):
    with pytest.raises(ValueError, match=r"must|need|share|preset"):
        make()


def test_a_slider_shows_the_value_that_the_picture_is_drawn_for():
    """Every stop has its own label, and the widget's value is the stop itself."""
    for control in (Slider("a", "a", 0.001, 1000, 300, log=True), Slider("b", "b", -2, 6, -1.5)):
        widget = control.widget()
        labels, values = zip(*widget.options, strict=True)
        assert widget.value == control.value
        assert float(dict(zip(values, labels, strict=True))[control.value].replace("−", "-")) == control.value
        assert len(set(values)) == len(values)
    assert Slider("a", "a", 1, 20000, 5, at=(1, 5, 20000)).stops() == [1.0, 5.0, 20000.0]
    assert Slider("a", "a", 1, 20000, 5, at=(1, 5, 20000)).widget().options[2] == ("20000", 20000.0)
    with pytest.raises(ValueError, match="the nearest is 300"):
        Slider("a", "a", 0.001, 1000, 302, log=True)


# ---- pictures ----


def test_the_sweep_reaches_every_sample_and_preset():
    p = picture()
    seen = list(p.sweep())
    for control in p.all_controls:
        values = [values[control.name] for values in seen]
        assert all(sample in values for sample in control.samples())
    assert any(v["size"] == 10 and v["kind"] == "fine" for v in seen)


def test_faults_name_what_is_wrong():
    p = picture()
    assert p.faults(p.values()) == []
    assert "line holds NaN" in p.faults(p.values(kind="nan")) or "empty" in str(p.faults(p.values(kind="nan")))
    with pytest.raises(ValueError, match="positive size"):
        p.faults(p.values(kind="raises"))


def test_a_nan_cell_an_infinite_number_and_an_empty_panel_are_faults():
    def broken(**changes):
        def state(**values):
            return {**compute(**values), **changes}

        p = picture(compute=state)
        return p.faults(p.values())

    assert broken(map=np.array([[np.nan, 1.0]]))
    assert not broken(map=np.ma.masked_invalid([[-np.inf, 1.0]]))
    assert broken(size=np.inf)
    assert broken(bars=np.array([np.nan, np.nan]))
    assert broken(bars=np.array([5.0, 7.0])) == ["panel 'more' is empty"]
    assert broken(verdict="") == ["the guess gets no verdict"]


def test_what_waits_for_reveal_is_hidden_until_then():
    p = picture()
    assert len(p.state(p.values())["dots"]) == 0
    assert len(p.state(p.values(revealed=True))["dots"]) == 1


def test_the_static_picture_shows_the_state():
    p = picture()
    first, second = png(p.static()), png(p.static(size=10, revealed=True))
    assert first.startswith(b"\x89PNG")
    assert first != second
    assert first == png(p.static())
    with pytest.raises(ValueError, match="size"):
        p.static(size=11)
    with pytest.raises(TypeError, match="no control named wrong"):
        p.static(wrong=1)


# ---- the live assembly ----


def words(live):
    return live._readout.value + live._message.value


def test_a_slider_moves_the_arrays_and_the_readout():
    live = Live(picture())
    line = live._figures[0][1][0]
    live._inputs["size"].value = 2.0
    np.testing.assert_allclose(line.y, np.linspace(0, 2, 5))
    assert "s = 2.0" in words(live)
    assert live.values["size"] == 2.0


def test_a_dragged_point_moves_its_arrow_and_its_boxes_and_stays_in_its_box():
    live = Live(picture())
    arrow, handle = live._points["tip"]
    with handle.hold_trait_notifications():
        handle.x, handle.y = np.array([0.25]), np.array([-7.0])
    assert live.values["tip"] == (0.25, -1.0)
    assert [box.value for box in live._inputs["tip"]] == [0.25, -1.0]
    assert arrow.x.min() <= 0.25 <= arrow.x.max()


def test_typed_coordinates_move_the_point():
    live = Live(picture())
    across, up = live._inputs["tip"]
    across.value = -0.5
    _, handle = live._points["tip"]
    assert (handle.x[0], handle.y[0]) == (-0.5, 0.5)
    up.value = 0.125
    assert live.values["tip"] == (-0.5, 0.125)


def test_nan_from_a_drag_is_ignored():
    live = Live(picture())
    _, handle = live._points["tip"]
    handle.x = np.array([np.nan])
    assert live.values["tip"] == (0.5, 0.5)


def test_an_error_becomes_a_sentence_and_the_next_good_state_clears_it():
    live = Live(picture())
    live.set(kind="raises")
    assert "the method needs a positive size" in words(live)
    assert 'role="alert"' in words(live)
    live.set(kind="fine")
    assert "positive size" not in words(live)


def test_a_note_is_shown():
    live = Live(picture())
    live._inputs["flag"].value = True
    assert "stopped early" in words(live)


def test_presets_reset_and_reveal():
    live = Live(picture())
    live.set(size=5.1, tip=(0, 0))
    live._preset({"size": 10})
    assert live.values["size"] == 10
    assert live.values["tip"] == (0, 0), "what the reader dragged stays"
    assert live._inputs["size"].value == 10
    assert "How large?" in words(live)
    live._inputs["revealed"].value = True
    assert "it was 10" in words(live)
    live._preset({"size": 0.1})
    assert "it was 0.1" in words(live), "what was revealed stays"
    live.reset()
    assert live.values == picture().values()
    assert live._inputs["revealed"].value is False


def test_one_redraw_however_many_controls_move():
    calls = []

    def counting(**values):
        calls.append(values)
        return compute(**values)

    live = Live(picture(compute=counting))
    calls.clear()
    live.set(size=3, flag=True, tip=(0.1, 0.1))
    assert len(calls) == 1
    live._inputs["size"].value = 3.0  # an echo of what is already there
    assert len(calls) == 1


def test_unchanged_arrays_are_not_sent_again():
    live = Live(picture())
    bars = live._figures[1][1][0]
    before = bars.y
    live.set(size=3.9)
    assert bars.y is before


def test_a_typed_text_is_taken_without_the_spaces_round_it():
    live = Live(picture())
    box = live._inputs["text"]
    assert box.continuous_update is False
    box.value = " 上海 "
    assert live.values["text"] == "上海"
    assert box.value == "上海"
    assert live._figures[0][1][3].text == ["上海"]


@pytest.mark.parametrize(
    ("typed", "why"),
    [("", "at least one"), ("  ", "at least one"), ("一" * 13, "at most 12 .*13"), ("a\tb", r"U\+0009")],
)
def test_a_text_that_cant_be_taken_is_answered_and_changes_nothing(typed, why):
    live = Live(picture())
    live._inputs["text"].value = typed
    assert re.search(f"your text must .*{why}", words(live))
    assert live.values["text"] == "北京 here"
    live._inputs["flag"].value = True
    assert "your text" in words(live), "it still stands in the box"
    assert "stopped early" in words(live)
    live._inputs["text"].value = "北京 here"
    assert "your text" not in words(live)
    live._inputs["text"].value = typed
    live.reset()
    assert live._inputs["text"].value == "北京 here"
    assert "your text" not in words(live)


def test_masked_cells_stay_blank_and_dont_count():
    cells = np.ma.masked_array([[1.0, np.nan], [2.0, 3.0]], mask=[[False, True], [False, False]])
    heat = HeatMap("map", 0, 3, x=(0.5, 1), y=(0, 0.5))
    frame = Panel("", (0, 1), (0, 1)).frame
    assert heat.points({"map": cells}, frame).tolist() == [[0.5, 0], [1, 0.5]]
    assert not len(heat.points({"map": np.ma.masked_array(cells, mask=True)}, frame))
    assert not len(heat.points({"map": cells.data}, frame))
    drawn = Image.open(io.BytesIO(heat._png(cells))).convert("RGB")
    colours = [drawn.getpixel(place) for place in ((0, 0), (1, 0), (0, 1), (1, 1))]
    assert len(set(colours)) == 4
    assert "#{:02X}{:02X}{:02X}".format(*colours[1]) == COLOURS["paper"]
    live = heat.live(Panel("", (0, 1), (0, 1)).scales())
    heat.update(live, {"map": cells}, frame)
    assert (live.x.tolist(), live.y.tolist()) == ([0.5, 1], [0, 0.5])
    first = live.image
    heat.update(live, {"map": cells + 1}, frame)
    second = live.image
    assert second is not first, "bqplot draws a changed value of the same image never"
    assert second.value == heat._png(cells + 1)
    heat.update(live, {"map": cells + 1}, frame)
    assert live.image is second


def test_bars_beside_each_other_and_bars_that_wait_for_reveal():
    frame = Panel("", (-1, 3), (0, 1)).frame
    right = Bars("bars", shift=0.3, width=0.2)
    assert right.points({"bars": [0.5, 1]}, frame).tolist() == [[0.3, 0.5], [1.3, 1]]
    mark = right.live(Panel("", (-1, 3), (0, 1)).scales())
    right.update(mark, {"bars": np.array([0.5, 1])}, frame)
    np.testing.assert_allclose(mark.x[0], [0.2, 0.2, 0.4, 0.4])
    right.update(mark, {"bars": np.empty((0, 2))}, frame)
    assert not mark.y.any()
    assert not len(right.points({"bars": np.empty((0, 2))}, frame))


def test_a_bare_panel_has_no_axes_and_chinese_words_have_a_font():
    panel = Panel("词", (0, 1), (0, 1), [Labels("words", centred=True)], bare=True)
    p = picture(panels=[panel], controls=[*picture().controls[:-1]], presets={}, predict=None, compute=bare_state)
    assert Live(p)._figures[0][0].axes == []
    assert png(p.static()) != png(p.static(text="上海"))


def bare_state(text, **values):
    return {"words": [(0.5, 0.5, text)], "size": 1}


def test_a_point_of_one_axis_has_one_box():
    live = Live(
        picture(
            controls=[*picture().controls, Point("level", "level", (0, 0.5), (0, 0), (0, 1), axis="y")],
            compute=lambda level, **values: compute(**values),
        )
    )
    controls = live.widget.children[1].children
    assert len(controls[-1].children) == 1
    _, handle = live._points["level"]
    assert handle.restrict_y
    assert not handle.restrict_x


# ---- showing ----


def test_pictures_without_words_are_refused():
    with pytest.raises(ValueError, match="alt"):
        show_figure(picture().static(), "Figure 1.1. Something.", " ")
    with pytest.raises(ValueError, match="2 cells"):
        show_table([("a", "b")], ["only one"], "Table 1.1. Wrong.")


def test_progress_yields_everything(capsys):
    assert list(progress([3, 1, 2], "counting")) == [3, 1, 2]
    assert list(progress(iter("ab"), "letters", total=2)) == ["a", "b"]
