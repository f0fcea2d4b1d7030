// What networks have learned at an epoch: kernels, answers to the same pictures, confusion matrix,
// worst mistakes. A slider goes through the epochs; a cell of the matrix shows its pictures.

import { Board, MOVES, mount } from "../boards/board.js"
import { Ramp } from "../boards/colours.js"
import { Player } from "../boards/player.js"
import { clamp, fill, nameAll } from "../boards/shared.js"
import { sample } from "./curves_chart.js"
import * as math from "./curves_math.js"
import * as now from "./now.js"

const PAUSE = 350 // milliseconds after the last movement until the address is told
const TURN = 900 // milliseconds for each epoch while it plays
const { element } = now

class Learned extends Board {
  constructor(root) {
    super(root, SKELETON)
    this.panels = []
    this.slider = this.find("input")
    this.player = new Player(this.find(".play"), { step: () => this.step(), pace: () => TURN, changed: () => this.show() })
    this.slider.oninput = () => this.go(Number(this.slider.value))
    this.find(".play").onclick = () => this.toggle()
  }

  leave() {
    super.leave()
    this.player.stop()
    for (const panel of this.panels) panel.leave()
  }

  update(before) {
    const { labels, shown } = this.data
    nameAll(this.root, labels)
    const last = Math.max(...shown.map(run => run.epochs))
    const first = this.data.kernels ? 0 : 1
    Object.assign(this.slider, { min: first, max: last, ariaLabel: labels.epoch_slider })
    this.find(".through").hidden = last <= first
    const same = before && JSON.stringify(before.shown.map(run => run.id)) === JSON.stringify(shown.map(run => run.id))
    if (!same) {
      for (const panel of this.panels) panel.leave()
      this.panels = shown.map(run => new Panel(run, this))
      this.find(".panels").replaceChildren(...this.panels.map(panel => panel.root))
      this.find(".panels").classList.toggle("several", shown.length > 1)
      this.epoch = clamp(this.data.epoch ?? last, first, last)
    } else {
      this.panels.forEach((panel, i) => (panel.run = shown[i]))
      if (this.epoch === Math.max(...before.shown.map(run => run.epochs))) this.epoch = last
    }
    this.show()
  }

  go(epoch) {
    this.epoch = epoch
    this.show()
    this.settle()
  }

  show() {
    this.slider.value = this.epoch
    this.find("output").textContent = this.epoch ? fill(this.data.labels.epoch_n, { n: this.epoch }) : this.data.labels.before_training
    this.find(".play").textContent = this.player.playing ? this.data.labels.pause_play : this.data.labels.play
    Promise.all(this.panels.map(panel => panel.show(this.epoch))).then(() => {
      this.root.dataset.learnedPainted = this.panels.map(panel => `${panel.run.id}@${panel.epoch}`).join(" ")
    })
  }

  toggle() {
    const { player } = this
    if (player.playing) return player.stop()
    if (this.epoch >= Number(this.slider.max)) this.go(Number(this.slider.min))
    player.play()
  }

  step() {
    if (this.epoch >= Number(this.slider.max)) return false
    this.go(this.epoch + 1)
    return true
  }

  settle() {
    const cell = this.panels[0]?.cell
    this.tell("at", { epoch: this.epoch, cell: cell ? cell.join(".") : "" }, PAUSE)
  }
}

// One run's share of the board.
class Panel {
  constructor(run, board) {
    Object.assign(this, { run, board, kept: new Map(), cell: board.data.cell })
    const { labels, kernels } = board.data
    this.root = element("section", { className: "panel" })
    this.root.innerHTML = PANEL
    this.name = this.find("h3")
    this.kernels = kernels ? new now.Kernels(this.find(".first"), labels) : null
    this.predictions = kernels ? new now.Predictions(this.find(".samples"), labels) : null
    this.find(".looks").hidden = !kernels
    this.find(".matrix").onclick = event => this.choose(event.target.closest("[data-at]"))
    this.find(".matrix").onkeydown = event => this.key(event)
    this.find(".back").textContent = labels.worst_again
    this.find(".back").onclick = () => this.choose(null)
    if (kernels) this.samples()
  }

  find(selector) {
    return this.root.querySelector(selector)
  }

  leave() {
    this.left = true
    this.kernels?.leave()
  }

  async samples() {
    const found = await this.ask("samples")
    if (!found || this.left) return
    this.predictions.pictures(found.classes, found.items)
    this.predictions.show(this.content?.answers)
  }

  async ask(path) {
    const answer = await fetch(`${this.board.data.base}/${this.run.id}/${path}`).catch(() => null)
    const content = await answer?.json().catch(() => null)
    if (answer?.ok) return content
    this.find(".trouble").textContent = content?.error ?? this.board.data.labels.lost
    return null
  }

  async show(epoch) {
    const wanted = Math.min(epoch, this.run.epochs)
    this.wanted = wanted
    const key = `${wanted} ${this.run.session}`
    if (!this.kept.has(key)) this.kept.set(key, this.ask(`epochs/${wanted}`))
    const content = await this.kept.get(key)
    if (!content) return void this.kept.delete(key)
    if (this.wanted !== wanted || this.left) return
    this.epoch = wanted
    this.content = content
    this.find(".trouble").textContent = ""
    this.title()
    const most = Math.max(...this.board.data.shown.map(run => run.most))
    this.kernels?.show(content.kernels, 120, most)
    this.predictions?.show(content.answers)
    this.find(".answers").hidden = !content.matrix
    if (content.matrix) this.table()
    if (content.matrix) await this.pictures()
  }

  title() {
    const { labels } = this.board.data
    const { matrix } = this.content
    const words = [this.run.name]
    if (matrix) {
      const all = matrix.counts.flat().reduce((sum, n) => sum + n, 0)
      const right = matrix.counts.reduce((sum, row, i) => sum + row[i], 0)
      words.push(fill(labels.accuracy_of, { n: this.epoch, share: math.percent(all ? right / all : 0), right: right.toLocaleString(), all: all.toLocaleString() }))
    }
    this.name.replaceChildren(...(this.run.line ? [sample(this.coloured())] : []), words.join(" · "))
  }

  coloured() {
    return { ...this.run.line, colour: now.readColours(this.root).category[this.run.line.colour] }
  }

  // -- the matrix --------------------------------------------------------------------------------

  table() {
    const { counts, accuracy } = this.content.matrix
    const { labels } = this.board.data
    const { classes } = this.run
    const ramp = new Ramp(this.root, 0, 1, false)
    const table = element("table", { role: "grid" })
    const head = element("tr", {}, element("th", {}, labels.is_and_says))
    for (const name of [...classes, labels.right_share]) head.append(element("th", { scope: "col" }, element("span", { title: name }, name)))
    table.append(element("thead", {}, head))
    const body = element("tbody")
    counts.forEach((row, i) => {
      const total = row.reduce((sum, n) => sum + n, 0) || 1
      const line = element("tr", {}, element("th", { scope: "row", title: classes[i] }, classes[i]))
      row.forEach((n, j) => {
        const share = n / total
        const chosen = this.cell?.[0] === i && this.cell?.[1] === j
        const title = fill(labels.cell, { n, total, is: classes[i], says: classes[j], share: math.percent(share) })
        const tabIndex = (this.cell ? chosen : i + j === 0) ? 0 : -1
        const named = { role: "gridcell", title, ariaLabel: title, ariaSelected: String(chosen), tabIndex }
        line.append(element("td", { ...named, "data-at": `${i}.${j}`, style: ramp.style(Math.sqrt(share)), className: i === j ? "diagonal" : "" }, n || ""))
      })
      const share = accuracy[i]
      const bar = element("i", { style: `width:${100 * (share ?? 0)}%` })
      line.append(element("td", { className: "share" }, bar, element("span", {}, share === null ? "–" : math.percent(share))))
      body.append(line)
    })
    table.append(body)
    const focused = this.root.getRootNode().activeElement?.dataset?.at
    this.find(".matrix").replaceChildren(table)
    this.find(".caption").textContent = labels.matrix_caption
    if (focused) this.find(`[data-at="${focused}"]`)?.focus()
  }

  key(event) {
    const at = event.target.dataset?.at?.split(".").map(Number)
    if (!at) return
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault()
      this.choose(event.target)
    }
    const move = MOVES[event.key]
    if (!move) return
    event.preventDefault()
    const next = this.find(`[data-at="${at[0] + move[0]}.${at[1] + move[1]}"]`)
    if (!next) return
    event.target.tabIndex = -1
    next.tabIndex = 0
    next.focus()
  }

  choose(cell) {
    const at = cell ? cell.dataset.at.split(".").map(Number) : null
    this.cell = at && String(at) === String(this.cell) ? null : at
    this.table()
    this.pictures()
    this.board.settle()
  }

  async pictures() {
    const { labels } = this.board.data
    const { classes } = this.run
    let items = this.content.worst
    let words = labels.worst
    if (this.cell) {
      const [label, predicted] = this.cell
      const number = this.content.matrix.counts[label]?.[predicted] ?? 0
      const key = `${this.epoch} ${this.cell} ${this.run.session}`
      if (number && !this.kept.has(key)) this.kept.set(key, this.ask(`cell?epoch=${this.epoch}&label=${label}&predicted=${predicted}`))
      items = number ? await this.kept.get(key) : []
      if (String(this.cell) !== String([label, predicted]) || !items) return
      words = fill(label === predicted ? labels.cell_right : labels.cell_wrong, { n: number, shown: items.length, is: classes[label], says: classes[predicted] })
    } else if (!items.length) words = labels.no_mistakes
    this.find(".pictures h4").textContent = this.find(".grid").ariaLabel = words
    this.find(".back").hidden = !this.cell
    this.find(".grid").replaceChildren(...items.map(item => this.picture(item, classes)))
    this.root.dataset.pictures = `${this.cell ? this.cell.join(".") : "worst"} ${items.length}`
  }

  picture(item, classes) {
    const { labels } = this.board.data
    const words = { is: classes[item.label], says: classes[item.predicted], sure: math.percent(item.confidence, 0), row: item.row, true: math.percent(item.true_probability, 1) }
    const right = item.label === item.predicted
    const caption = element("figcaption", {}, element("b", {}, `${right ? "✓" : "✗"} ${words.says} ${words.sure}`), element("span", { className: "quiet" }, right ? "" : fill(labels.is, words)))
    const title = fill(labels.picture_title, words)
    const image = element("img", { src: item.png, alt: title })
    const { why, kept } = this.run
    if (!why || !kept.includes(this.epoch)) return element("figure", { title, "data-right": right }, image, caption)
    const asked = fill(labels.open_picture, { what: title })
    const link = element("a", { href: fill(why, { epoch: this.epoch, row: item.row }), title: asked }, image)
    return element("figure", { "data-right": right }, link, caption)
  }
}

export default mount(Learned, ".learned")

const SKELETON = `
<div class="tools through">
  <button type="button" class="button play"></button>
  <label><span data-word="after_epoch"></span><input class="epoch" type="range" step="1"></label><output></output>
</div>
<div class="panels"></div>`

const PANEL = `
<h3></h3>
<p class="trouble" role="alert"></p>
<div class="looks"><div class="first"></div><div class="samples"></div></div>
<div class="answers" hidden>
  <div><div class="matrix"></div><p class="caption quiet"></p></div>
  <div class="pictures"><header><h4></h4><button type="button" class="button back" hidden></button></header><div class="grid predictions" tabindex="0" role="group"></div></div>
</div>`
