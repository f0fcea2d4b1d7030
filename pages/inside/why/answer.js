// The picture, and beside it the network's answer as bars. A click on a class asks why it, or why
// not it.

import { Board, mount } from "../../../explorer/ui/boards/board.js"
import { make, name } from "../../../explorer/ui/boards/shared.js"

class Answer extends Board {
  update() {
    const { data } = this
    this.root.replaceChildren()
    const picture = make("img", "picture", this.root)
    picture.src = data.picture
    picture.alt = picture.title = data.labels.picture
    const bars = make("div", "bars", this.root)
    bars.role = "radiogroup"
    bars.ariaLabel = data.labels.bars
    for (const guess of data.guesses) this.bar(guess, bars)
    this.root.dataset.answerPainted = data.of
  }

  bar(guess, parent) {
    const bar = make("button", "bar", parent)
    bar.type = "button"
    bar.role = "radio"
    bar.ariaChecked = String(guess.chosen)
    name(bar, guess.words)
    const line = make("span", "words", bar)
    make("span", "class", line, guess.name)
    make("span", "share", line, guess.share)
    const track = make("span", "track", bar)
    make("span", "fill", track).style.width = `${100 * guess.probability}%`
    bar.onclick = () => this.component.setTriggerValue("label", guess.label)
  }
}

export default mount(Answer, ".why-answer")
