"""Check yourself, as Streamlit runs it: what is asked, how answers are taken, what is kept."""

from functools import partial

import pytest
from streamlit.testing.v1 import AppTest

from explorer.lessons import quiz
from explorer.lessons.quiz import Question, spell
from explorer.ui.entries import entry
from pages.learn.channels.state import KERNEL_SIDES
from pages.learn.check.series import Answer, Place, ten_rows
from tests import opened_pages
from tests.opened_pages import press

opened = partial(opened_pages.opened, "check")
text = partial(opened_pages.text, code=True)


def choose(at: AppTest, answer: quiz.Value) -> AppTest:
    """Press the button of this answer."""
    button = next(each for each in at.button if each.label == spell(answer))
    button.click().run()
    assert not at.exception
    return at


def typed(number: int = 1) -> Question:
    """A question whose answer is typed: number `number` or the next such one."""
    while not (found := quiz.question(1, number, "sizes", 3)).typed:
        number += 1
    return found


def type_in(at: AppTest, answer: str) -> AppTest:
    at.text_input[0].set_value(answer)
    at.button(key="quiz_check").click().run()
    assert not at.exception
    return at


def test_the_page_asks_and_says_nothing_of_the_answer() -> None:
    at = opened()
    first = quiz.question(1, 1, "all", 1)
    assert at.title[0].value == "Can you tell before the machine does?"
    assert first.draft.ask in text(at)
    shown = [each.label for each in at.button if (each.key or "").startswith("quiz_choice")]
    assert shown == [spell(choice) for choice in first.choices]
    for line in first.draft.reason:
        assert line not in text(at)


def test_a_right_answer_is_praised_with_its_arithmetic() -> None:
    at, first = opened(), quiz.question(1, 1, "all", 1)
    choose(at, first.right)
    assert spell(first.right) in at.success[0].value
    for line in first.draft.reason:
        assert line in text(at)
    assert "**1** of 1 right · streak **1**" in text(at)


def test_a_wrong_answer_names_its_mistake_and_stands() -> None:
    at, first = opened(), quiz.question(1, 1, "all", 1)
    wrong = next(choice for choice in first.choices if not first.is_right(choice))
    choose(at, wrong)
    assert first.mistake(wrong) in at.warning[0].value
    assert spell(first.right) in at.warning[0].value
    assert "**0** of 1 right · streak **0**" in text(at)
    answers = [each for each in at.button if (each.key or "").startswith("quiz_choice")]
    assert all(each.disabled for each in answers)
    at.button(key="quiz_next").click().run()
    assert not at.warning
    at.button(key="quiz_previous").click().run()
    assert first.mistake(wrong) in at.warning[0].value


def test_the_streak_counts_right_answers_in_a_row() -> None:
    at = opened()
    for number, right in enumerate((True, False, True, True), start=1):
        here = quiz.question(1, number, "all", 1)
        choose(at, next(each for each in here.choices if here.is_right(each) == right))
        at.button(key="quiz_next").click().run()
    assert "**3** of 4 right · streak **2**" in text(at)


@pytest.mark.parametrize("given", ["", "abc", "NaN", "1e9", "1.5", "1//0", "9" * 60])
def test_nonsense_gets_a_sentence_and_the_question_stays_open(given: str) -> None:
    asked = typed()
    at = opened(quiz_topic="sizes", quiz_level="3", quiz_number=str(asked.number))
    type_in(at, given)
    assert len(at.error) == 1
    assert "whole number" in at.error[0].value
    assert "of 0 right" in text(at)
    type_in(at, str(asked.right))
    assert not at.error
    assert "**1** of 1 right" in text(at)


def test_arithmetic_is_an_answer_and_a_known_mistake_is_named() -> None:
    asked = typed()
    assert isinstance(asked.right, int)
    address = {"quiz_topic": "sizes", "quiz_level": "3", "quiz_number": str(asked.number)}
    at = type_in(opened(**address), f"2*{asked.right} - {asked.right}")
    assert at.success
    wrong = next(value for value in asked.draft.wrong if not asked.is_right(value))
    at = type_in(opened(**address), str(wrong))
    assert asked.mistake(wrong) in at.warning[0].value


def test_the_same_address_asks_everybody_the_same() -> None:
    address = {"quiz_seed": "77", "quiz_level": "2", "quiz_topic": "field", "quiz_number": "4"}
    expected = quiz.question(77, 4, "field", 2).draft.ask
    assert expected in text(opened(**address))
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


def test_after_ten_there_is_a_summary_and_ten_more() -> None:
    at = opened()
    for number in range(1, 11):
        assert "These ten" not in text(at)
        here = quiz.question(1, number, "all", 1)
        answer = here.right if number > 3 else here.choices[0]
        choose(at, answer)
        if number < 10:
            at.button(key="quiz_next").click().run()
    ten = [quiz.question(1, number, "all", 1) for number in range(1, 11)]
    right = sum(each.is_right(each.choices[0]) for each in ten[:3])
    assert f"These ten: {7 + right} right" in text(at)
    assert list(at.table[0].value["right answer"]) == [spell(each.right) for each in ten]
    assert len(at.get("download_button")) == 1
    at.button(key="quiz_more").click().run()
    assert "**Question 11** of seed 1" in text(at)
    assert "These ten" not in text(at)


def test_the_file_of_ten_holds_what_was_asked_said_and_right() -> None:
    series = [Place(seed=5, topic="all", level=2, number=number) for number in range(1, 11)]
    asked = [quiz.question(5, number, "all", 2) for number in range(1, 11)]
    wrong = next(each for each in asked[3].choices if not asked[3].is_right(each))
    ten = {place: Answer(its.right, right=True) for place, its in zip(series, asked, strict=True)}
    rows = ten_rows(ten | {series[3]: Answer(wrong, right=False)})
    assert [row["question"] for row in rows] == list(range(1, 11))
    assert {(row["seed"], row["series"], row["level"]) for row in rows} == {(5, "all", 2)}
    assert [row["right"] for row in rows] == [1] * 3 + [0] + [1] * 6
    assert rows[3]["answer"] == spell(wrong)
    for row, its in zip(rows, asked, strict=True):
        shown = (row["about"], row["asked"], row["code"], row["right_answer"])
        assert shown == (its.topic, its.draft.ask, its.draft.code, spell(its.right))


@pytest.mark.parametrize("topic", list(quiz.TOPICS))
def test_see_it_opens_a_page_set_up_with_the_case(topic: str) -> None:
    at, asked = opened(quiz_topic=topic), quiz.question(1, 1, topic, 1)
    choose(at, asked.right)
    link = at.get("page_link")[-1].proto
    assert link.page.endswith(asked.draft.see.url)
    for key, value in asked.draft.see.params.items():
        assert key in link.query_string
        assert value.split(" ")[0] in link.query_string


def test_the_page_on_channels_has_every_kernel_whose_cost_is_asked() -> None:
    asked = [
        quiz.question(seed, number, "counts", level)
        for seed in range(8)
        for number in range(1, 5)
        for level in quiz.LEVELS
    ]
    sides = {each.draft.see.params.get("channels_kernel_size") for each in asked} - {None}
    assert len(sides) > 2
    assert sides <= set(map(str, KERNEL_SIDES))


def test_other_questions_come_from_another_seed() -> None:
    at = opened()
    at.button(key="quiz_new").click().run()
    assert at.number_input(key="quiz_seed").value != 1


def test_answers_and_place_survive_a_look_at_another_page() -> None:
    at = opened(quiz_seed="9")
    choose(at, quiz.question(9, 1, "all", 1).right)
    at.button(key="quiz_next").click().run()
    at.switch_page(str(entry("layers").path)).run()
    at.query_params.clear()
    at.switch_page(str(entry("check").path)).run()
    assert "**Question 2** of seed 9" in text(at)
    assert "**1** of 1 right" in text(at)
