// Two pictures of one size, the first as far as the divider stands.

import { Board, mount, saveButton } from "../../../explorer/ui/boards/board.js"
import { name } from "../../../explorer/ui/boards/shared.js"

const LINE = 4 // px

class Divider extends Board {
  constructor(root) {
    super(root, root.innerHTML)
    this.before = root.querySelector("img.before")
    this.after = root.querySelector("img.after")
    this.slider = root.querySelector("input")
    this.slider.oninput = () => this.move()
    root.insertAdjacentHTML("beforeend", saveButton("png"))
  }

  update() {
    const { before, after, root, data } = this
    if (before.src !== data.before) before.src = data.before
    if (after.src !== data.after) after.src = data.after
    ;[before.alt, after.alt] = data.names
    root.querySelector(".left").textContent = data.names[0]
    root.querySelector(".right").textContent = data.names[1]
    name(this.slider, data.label)
    this.move()
    root.dataset.dividerPainted = data.name
  }

  move() {
    this.root.style.setProperty("--at", `${this.slider.value}%`)
  }

  // As it stands, in the pictures' own pixels.
  picture() {
    const { before, after } = this
    const [width, height] = [after.naturalWidth, after.naturalHeight]
    const canvas = Object.assign(document.createElement("canvas"), { width, height })
    const pen = canvas.getContext("2d")
    const at = Math.round((width * this.slider.value) / 100)
    pen.drawImage(after, 0, 0)
    if (at) pen.drawImage(before, 0, 0, at, height, 0, 0, at, height)
    pen.fillStyle = getComputedStyle(this.root.querySelector(".line")).backgroundColor
    pen.fillRect(at - LINE / 2, 0, LINE, height)
    return { canvas, file: "before-and-after" }
  }
}

export default mount(Divider, ".divider")
