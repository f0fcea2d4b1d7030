"""Check yourself, as Streamlit runs it: what is asked, how answers are taken, what is kept."""

from functools import partial
from itertools import count, product
from urllib.parse import parse_qsl

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from explorer.lessons import quiz
from explorer.lessons.quiz import Question, spell
from explorer.ui.entries import entry
from pages.learn.channels.state import KERNEL_SIDES
from pages.learn.check.series import Answer, Place, ten_rows
from tests import opened_pages
from tests.opened_pages import press

opened = partial(opened_pages.opened, "check")
text = partial(opened_pages.text, code=True)
FIRST = quiz.question(1, 1, "all", 1)


def choice_buttons(at: AppTest) -> list[Button]:
    return [each for each in at.button if (each.key or "").startswith("quiz_choice")]


def choose(at: AppTest, answer: quiz.Value) -> AppTest:
    """Press the button of this answer."""
    return press(at, spell(answer))


def typed_question() -> Question:
    """The first question whose answer is typed."""
    series = (quiz.question(1, number, "sizes", 3) for number in count(1))
    return next(each for each in series if each.typed)


def type_in(at: AppTest, answer: str) -> AppTest:
    at.text_input[0].set_value(answer)
    at.button(key="quiz_check").click().run()
    assert not at.exception
    return at


def test_the_page_asks_says_nothing_of_the_answer_and_praises_a_right_one() -> None:
    at = opened()
    assert FIRST.draft.ask in text(at)
    assert [each.label for each in choice_buttons(at)] == [spell(each) for each in FIRST.choices]
    assert not any(line in text(at) for line in FIRST.draft.reason)
    choose(at, FIRST.right)
    assert spell(FIRST.right) in at.success[0].value
    assert all(line in text(at) for line in FIRST.draft.reason)
    assert "**1** of 1 right · streak **1**" in text(at)


def test_a_wrong_answer_names_its_mistake_and_stands() -> None:
    at = opened()
    wrong = next(choice for choice in FIRST.choices if not FIRST.is_right(choice))
    choose(at, wrong)
    assert FIRST.mistake(wrong) in at.warning[0].value
    assert spell(FIRST.right) in at.warning[0].value
    assert "**0** of 1 right · streak **0**" in text(at)
    assert all(each.disabled for each in choice_buttons(at))
    at.button(key="quiz_next").click().run()
    assert not at.warning
    at.button(key="quiz_previous").click().run()
    assert FIRST.mistake(wrong) in at.warning[0].value


def test_typed_nonsense_gets_a_sentence_arithmetic_counts_and_a_known_mistake_is_named() -> None:
    question = typed_question()
    address = {"quiz_topic": "sizes", "quiz_level": "3", "quiz_number": str(question.number)}
    at = opened(**address)
    for nonsense in ("", "abc", "NaN", "1e9", "1.5", "1//0", "9" * 60):
        type_in(at, nonsense)
        assert ["whole number" in each.value for each in at.error] == [True], nonsense
        assert "of 0 right" in text(at)
    type_in(at, f"2*{question.right} - {question.right}")
    assert not at.error
    assert "**1** of 1 right" in text(at)
    wrong = next(value for value in question.draft.wrong if not question.is_right(value))
    at = type_in(opened(**address), str(wrong))
    assert question.mistake(wrong) in at.warning[0].value


def test_the_same_address_asks_everybody_the_same() -> None:
    address = {"quiz_seed": "77", "quiz_level": "2", "quiz_topic": "field", "quiz_number": "4"}
    expected = quiz.question(77, 4, "field", 2).draft.ask
    assert expected in text(opened(**address))
    assert expected not in text(opened(**{**address, "quiz_seed": "78"}))


def test_another_topic_begins_at_its_first_question() -> None:
    at = opened(quiz_number="7")
    assert "**Question 7** of seed 1" in text(at)
    at.segmented_control(key="quiz_topic").set_value("misfits").run()
    assert "**Question 1** of seed 1" in text(at)
    assert quiz.question(1, 1, "misfits", 1).draft.ask in text(at)
    at.button(key="quiz_next").click().run()
    press(at, "The class's ten: seed 2024")
    assert "**Question 1** of seed 2024" in text(at)
    at.button(key="quiz_new").click().run()
    assert at.number_input(key="quiz_seed").value not in {1, 2024}


def test_after_ten_there_is_a_streak_a_summary_and_ten_more() -> None:
    at, ten = opened(), [quiz.question(1, number, "all", 1) for number in range(1, 11)]
    for number, question in enumerate(ten, start=1):
        assert "These ten" not in text(at)
        right = [each for each in question.choices if question.is_right(each) == (number != 2)]
        choose(at, right[0])
        if number < 10:
            at.button(key="quiz_next").click().run()
    assert "**9** of 10 right · streak **8**" in text(at)
    assert "These ten: 9 right" in text(at)
    assert list(at.table[0].value["right answer"]) == [spell(each.right) for each in ten]
    assert len(at.get("download_button")) == 1
    assert "Look at again" in text(at)
    link = at.get("page_link")[-1].proto  # of the one that was wrong
    assert link.label.endswith(", question 2")
    assert link.page.endswith(ten[1].draft.see.url)
    assert dict(parse_qsl(link.query_string)) == ten[1].draft.see.params
    at.button(key="quiz_more").click().run()
    assert "**Question 11** of seed 1" in text(at)
    assert "These ten" not in text(at)


def test_the_file_of_ten_holds_what_was_asked_said_and_right() -> None:
    series = [Place(seed=5, topic="all", level=2, number=number) for number in range(1, 11)]
    questions = [place.question() for place in series]
    wrong = next(each for each in questions[3].choices if not questions[3].is_right(each))
    ten = {place: Answer(place.question().right, right=True) for place in series}
    assert ten_rows(ten | {series[3]: Answer(wrong, right=False)}) == [
        {"seed": 5, "series": "all", "level": 2, "question": number, "about": its.topic,
         "asked": its.draft.ask, "code": its.draft.code,
         "answer": spell(wrong if number == 4 else its.right), "right_answer": spell(its.right),
         "right": int(number != 4)}
        for number, its in enumerate(questions, start=1)
    ]  # fmt: skip


@pytest.mark.parametrize("topic", list(quiz.TOPICS))
def test_see_it_opens_a_page_set_up_with_the_case(topic: str) -> None:
    question = quiz.question(1, 1, topic, 1)
    link = choose(opened(quiz_topic=topic), question.right).get("page_link")[-1].proto
    assert link.page.endswith(question.draft.see.url)
    assert dict(parse_qsl(link.query_string)) == question.draft.see.params


def test_the_page_on_channels_has_every_kernel_whose_cost_is_asked() -> None:
    asked_for = {
        quiz.question(seed, number, "counts", level).draft.see.params.get("channels_kernel_size")
        for seed, number, level in product(range(8), range(1, 5), quiz.LEVELS)
    }
    assert len(asked_for) > 3
    assert asked_for <= {None, *map(str, KERNEL_SIDES)}


def test_answers_and_place_survive_a_look_at_another_page() -> None:
    at = opened(quiz_seed="9")
    choose(at, quiz.question(9, 1, "all", 1).right)
    at.button(key="quiz_next").click().run()
    at.switch_page(str(entry("layers").path)).run()
    at.query_params.clear()
    at.switch_page(str(entry("check").path)).run()
    assert "**Question 2** of seed 9" in text(at)
    assert "**1** of 1 right" in text(at)
