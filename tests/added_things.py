"""What `docs/adding.md` adds, as visitors see it: run by `test_adding` in its copy."""

import json

import pytest

from explorer.__main__ import main
from explorer.ui.entries import entry
from tests.opened_pages import opened, text


def test_the_page_is_in_the_frame_and_keeps_its_state_in_the_address():
    assert (entry("dilation").title, entry("dilation").section) == ("Dilation", "Learn")
    at = opened("dilation", dilation_d="3")
    assert at.metric[0].value == "7"
    assert "12 cells become 6." in text(at)


@pytest.mark.parametrize("page", ["layers", "new-run"])
def test_the_network_is_in_the_pickers(page: str):
    at = opened(page, network="lenet1")
    (picker,) = [each for each in at.selectbox if each.key == f"{page}.network"]
    assert any("LeNet-1" in option for option in picker.options)
    assert picker.value == "lenet1"
    assert not at.warning


def test_the_network_is_on_the_command_line(capsys: pytest.CaptureFixture[str]):
    assert main(["layers", "lenet1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["totals"]["parameters"] == 3_246


def test_the_data_set_is_on_its_page():
    at = opened("data", data="bars")
    assert not at.warning
    assert "One bar of two cells" in text(at)


def test_the_network_trains_on_the_data_set(capsys: pytest.CaptureFixture[str]):
    words = "train lenet1 --dataset bars --epochs 1 --device cpu --json"
    assert main(words.split()) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["epoch"] == 1


def test_the_method_is_on_its_page():
    at = opened("why", network="lenet1", picture="bars:test:0", control="false")
    assert "Gradient × input" in text(at)
    assert "Shrikumar et al. 2016" in text(at)
