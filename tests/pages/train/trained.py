"""What the tests of the training pages share."""

from streamlit.testing.v1 import AppTest

from tests.opened_pages import boards


def html(at: AppTest, holding: str) -> str:
    """The piece of HTML on the page that holds this text."""
    bodies = [str(block.proto.body) for block in at.get("html")]
    return next(body for body in bodies if holding in body)


def live(at: AppTest) -> dict[str, object]:
    return next(board for board in boards(at) if "course" in board)
