// The whole network at a glance: a picture for each stage, from the input to the logits, and below
// it the operations of the stage that is chosen. A click or the arrow keys choose.

import { Board, mount } from "./board.js"
import { clamp, escape, fill, name } from "./shared.js"

const PAUSE = 120 // ms after the last arrow key before Python hears of the choice

class Strip extends Board {
  constructor(root) {
    super(root, SKELETON)
    this.line = this.find(".line")
    this.parts = this.find(".parts")
    root.addEventListener("click", event => {
      const button = event.target.closest("[data-layer]")
      if (button?.dataset.channel) return this.tell("at", { layer: button.dataset.layer, channel: Number(button.dataset.channel) }, 0)
      if (button) this.choose(button.dataset.layer, 0)
    })
    root.addEventListener("keydown", event => this.key(event))
  }

  update(before) {
    const { data } = this
    if (JSON.stringify(before?.stages) !== JSON.stringify(data.stages)) this.draw()
    this.answer(data.answer)
    this.mark(data.chosen)
    this.root.dataset.stripPainted = data.of
  }

  stageOf(layer) {
    return this.data.stages.find(stage => stage.parts.some(part => part.name === layer)) ?? this.data.stages[0]
  }

  draw() {
    const { stages, labels } = this.data
    this.line.innerHTML = stages.map((stage, n) => `${n ? '<i class="then" aria-hidden="true">▸</i>' : ""}
      <button type="button" class="stage" role="option" data-layer="${escape(stage.name)}" tabindex="-1">
        <img src="${stage.png}" alt="" width="72" height="72" draggable="false">
        <b>${label(stage.label)}</b><span>${escape(stage.shape)}</span>
        ${stage.silent ? `<em>${escape(stage.silent)}</em>` : ""}</button>`).join("")
    name(this.line, labels.strip)
    this.line.querySelectorAll(".stage").forEach((button, n) => {
      button.title = stages[n].title
    })
    this.words = null
  }

  // Its likeliest classes; each leads to its number in the last layer.
  answer(answer) {
    this.find(".answer").hidden = this.find(".softmax").hidden = !answer
    if (!answer) return
    const { title, layer, bars, softmax } = answer
    this.find(".answer").innerHTML = `<b>${escape(title)}</b>` + bars.map(({ channel, name, share, probability, words }) => `
      <button type="button" class="bar" data-layer="${escape(layer)}" data-channel="${channel}" title="${escape(words)}">
        <i style="width:${100 * probability}%"></i><span>${escape(name)}</span><span>${escape(share)}</span></button>`).join("")
    this.find(".softmax").textContent = softmax
  }

  mark(layer) {
    this.layer = layer
    const stage = this.stageOf(layer)
    for (const button of this.line.querySelectorAll(".stage")) {
      const on = button.dataset.layer === stage.name
      if (on && button.ariaSelected !== "true") this.show(button)
      button.ariaSelected = String(on)
      button.tabIndex = on ? 0 : -1
    }
    if (this.words !== stage.name) {
      this.words = stage.name
      this.parts.hidden = stage.parts.length < 2
      this.parts.innerHTML = `<span class="quiet">${escape(fill(this.data.labels.parts, { stage: stage.label }))}</span>` +
        stage.parts.map(part => `<button type="button" role="option" class="part" data-layer="${escape(part.name)}" title="${escape(part.title)}">${escape(part.label)}</button>`).join("")
      name(this.parts, fill(this.data.labels.parts, { stage: stage.label }))
    }
    for (const button of this.parts.querySelectorAll(".part")) {
      const on = button.dataset.layer === layer
      button.ariaSelected = String(on)
      button.tabIndex = on ? 0 : -1
    }
  }

  // Into sight, within the strip alone: the page stays where it is.
  show(button) {
    const [box, room] = [button.getBoundingClientRect(), this.line.getBoundingClientRect()]
    if (box.left >= room.left && box.right <= room.right) return
    this.line.scrollLeft += box.left + box.width / 2 - room.left - room.width / 2
  }

  choose(layer, pause) {
    this.mark(layer)
    this.tell("at", { layer }, pause)
  }

  key(event) {
    const button = event.target.closest("[data-layer]")
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key]
    if (!button || !step || button.dataset.channel) return
    event.preventDefault()
    const row = [...button.parentElement.querySelectorAll("[data-layer]")]
    const next = row[clamp(row.indexOf(button) + step, 0, row.length - 1)]
    this.choose(next.dataset.layer, PAUSE)
    const kept = this.find(`[data-layer="${CSS.escape(next.dataset.layer)}"].${next.classList[0]}`)
    kept.focus({ preventScroll: true })
  }
}

// A name in two lines, its last part below; where that is still too long, its beginning is left out:
// neighbours differ at the end.
function label(text) {
  const at = text.lastIndexOf(".") + 1
  return `${at ? `<i class="path"><bdi>${escape(text.slice(0, at))}</bdi></i>` : ""}<i><bdi>${escape(text.slice(at))}</bdi></i>`
}

export default mount(Strip, ".maps-strip")

const SKELETON = `<div class="whole"><div class="line" role="listbox"></div><div class="answer" hidden></div></div>
<div class="softmax" hidden></div><div class="parts" role="listbox"></div>`
