"""What a page says that was asked for in the clear, from another machine."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.opened_pages import SHELL
from tests.serving import ROOT

LOCAL = ("http://localhost:8501", "http://127.0.0.1:8501", "http://[::1]:8501", "https://lab.local")
ELSEWHERE = ("http://192.168.1.20:8501", "http://lab.local:8501", "http://localhost.example")


def photograph(url: str) -> AppTest:
    """The page Convolution with the camera chosen, as a browser at this address asks for it."""
    at = AppTest.from_file(SHELL, default_timeout=60)
    at.context = {"url": url}
    at.run().query_params["conv_photo"] = "camera"
    return at.switch_page(str(ROOT / "pages/learn/convolution/page.py")).run()


@pytest.mark.parametrize("url", LOCAL)
def test_a_camera_is_offered_where_browsers_give_it(url: str) -> None:
    assert len(photograph(url).get("camera_input")) == 1


@pytest.mark.parametrize("url", ELSEWHERE)
def test_where_browsers_give_no_camera_the_page_says_why(url: str) -> None:
    at = photograph(url)
    assert not at.get("camera_input")
    assert [each.value for each in at.info if "only over https" in each.value]
