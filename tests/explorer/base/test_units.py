"""Numbers as people read them."""

from explorer.base import units
from explorer.base.units import duration, latency, percent, ratio


def test_counts_sizes_and_shapes() -> None:
    assert [units.count(n) for n in (7, 999, 46_764_746)] == ["7", "999", "46.8 M"]
    assert units.count(1_876_292_352, "FLOPs") == "1.88 GFLOPs"
    assert units.size(187_058_984) == "187 MB"
    assert units.exact(46_764_746) == "46\u202f764\u202f746"
    assert units.times((96, 54, 54)) == "96 × 54 × 54"


def test_shares() -> None:
    assert [percent(share) for share in (0.8734, 0.0004, 0.0, None)] == [
        "87.3\u202f%", "< 0.1\u202f%", "0.0\u202f%", "–"
    ]  # fmt: skip
    assert percent(0.6513, ".3g") == "65.1\u202f%"
    assert percent(-0.28, "+.0f") == "−28\u202f%"
    assert percent(-0.0004) == "0.0\u202f%"


def test_how_many_times_more() -> None:
    assert [ratio(more) for more in (0.314, 3.21, 9.99, 18.4, 1234.5)] == [
        "0.31", "3.2", "10", "18", "1\u202f234"
    ]  # fmt: skip
    assert ratio(1, 0) == "∞"


def test_durations() -> None:
    assert [duration(s) for s in (0, 4.42, 9.97, 99.4, 99.6, 125, 1500, 3725, 360_000)] == [
        "0 s", "4.4 s", "10 s", "99 s", "1 min 40 s", "2 min 5 s", "25 min", "1 h 2 min",
        "100 h 0 min",
    ]  # fmt: skip
    assert [duration(s) for s in (-3, 3569, 3570)] == ["0 s", "59 min", "1 h 0 min"]
    assert duration(None) == latency(None) == "–"
    assert [latency(s) for s in (0.00123, 0.25, 2.5)] == [
        "1.23\u202fms",
        "250\u202fms",
        "2.5\u202fs",
    ]
