// The classes' names, and beside each its average and ten of its pictures; a click, or the arrow
// keys and Enter, choose one: Python hears of its number (`picture`).

import { Board, MOVES, mount } from "../../../explorer/ui/boards/board.js"
import { fill, make, name } from "../../../explorer/ui/boards/shared.js"

class Sheet extends Board {
  constructor(root) {
    super(root, SKELETON)
    root.addEventListener("click", event => this.choose(event.target.closest("button")))
    root.addEventListener("keydown", event => this.key(event))
  }

  update() {
    const { classes, png, words, places, left, step } = this.data
    this.find(".names").replaceChildren(...classes.map(each => make("span", "", null, each)))
    Object.assign(this.find("img"), { src: png, alt: words.sheet })
    const height = 100 / classes.length
    for (const button of this.all("button")) button.remove()
    for (const [number, row, column] of places) {
      const button = Object.assign(make("button", "", this.find(".places")), { type: "button", tabIndex: -1 })
      Object.assign(button.dataset, { number, at: `${row} ${column}` })
      Object.assign(button.style, { left: `${left + column * step}%`, width: `${step}%`, top: `${row * height}%`, height: `${height}%` })
      name(button, fill(words.picture, { class: classes[row], n: number + 1 }))
    }
    const first = this.find("button")
    if (first) first.tabIndex = 0
    this.root.dataset.sheetPainted = places.length
  }

  choose(button) {
    if (button) this.component.setTriggerValue("picture", Number(button.dataset.number))
  }

  key(event) {
    const [step, from] = [MOVES[event.key], event.target.dataset.at]
    if (!step || !from) return
    event.preventDefault()
    const goal = this.find(`[data-at="${from.split(" ").map((n, axis) => Number(n) + step[axis]).join(" ")}"]`)
    if (!goal) return
    event.target.tabIndex = -1
    goal.tabIndex = 0
    goal.focus()
  }
}

export default mount(Sheet, ".sheet")

const SKELETON = `<div class="names"></div><div class="places"><img></div>`
