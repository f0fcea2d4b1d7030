// The picture, and beside it the network's answer as bars. A click on a class asks why it, or why
// not it.

import { Board, mount } from "../../../explorer/ui/boards/board.js"
import { escape } from "../../../explorer/ui/boards/shared.js"

class Answer extends Board {
  constructor(root) {
    super(root)
    root.addEventListener("click", event => {
      const bar = event.target.closest(".bar")
      if (bar) this.component.setTriggerValue("label", Number(bar.dataset.label))
    })
  }

  update() {
    const { of, picture, guesses, labels } = this.data
    const words = escape(labels.picture)
    this.root.innerHTML = `<img class="picture" src="${picture}" alt="${words}" title="${words}">
<div class="bars" role="radiogroup" aria-label="${escape(labels.bars)}">${guesses.map(bar).join("")}</div>`
    this.root.dataset.answerPainted = of
  }
}

const bar = ({ label, name, share, probability, chosen, words }) => `
<button type="button" class="bar" role="radio" data-label="${label}" aria-checked="${chosen}" title="${escape(words)}">
  <span class="words"><span class="class">${escape(name)}</span><span class="share">${escape(share)}</span></span>
  <span class="track"><span class="fill" style="width:${100 * probability}%"></span></span></button>`

export default mount(Answer, ".why-answer")
