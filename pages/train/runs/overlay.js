// Several runs in the same two charts, each asked for by itself, so that runs that go on grow.

import * as math from "../../../explorer/ui/runs/curves_math.js"
import { Chart } from "../../../explorer/ui/runs/curves_chart.js"
import { Track } from "../../../explorer/ui/runs/track.js"
import * as now from "../../../explorer/ui/runs/now.js"

const boards = new WeakMap()

export default function (component) {
  const host = component.parentElement
  let board = boards.get(host)
  if (!board) boards.set(host, (board = new Overlay(host.querySelector(".overlay"), component.data)))
  board.receive(component)
  return () => {
    board.leave()
    boards.delete(host)
  }
}

class Overlay {
  constructor(root, data) {
    this.root = root
    root.innerHTML = SKELETON
    this.tracks = new Map()
    this.by = data.by
    const chart = (name, percent) =>
      new Chart(root.querySelector(`.${name}`), { title: data.labels[`${name}_title`], percent, words: data.labels, change: zoom => this.zoom(zoom), toggled: () => this.draw() })
    this.charts = [chart("accuracy", true), chart("loss", false)]
    this.charts[1].hidden = this.charts[0].hidden // a run that is hidden is hidden in both
    for (const each of root.querySelectorAll("[data-word]")) each.textContent = data.labels[each.dataset.word]
    this.listen()
  }

  find(selector) {
    return this.root.querySelector(selector)
  }

  leave() {
    for (const part of [...this.tracks.values(), ...this.charts]) part.leave()
  }

  receive(component) {
    this.component = component
    this.data = component.data
    const wanted = this.data.shown.map(run => run.id)
    for (const [run, track] of this.tracks) {
      if (wanted.includes(run)) continue
      track.leave()
      this.tracks.delete(run)
    }
    for (const run of wanted) {
      if (this.tracks.has(run)) continue
      this.tracks.set(run, new Track({ base: this.data.base, run, heard: () => this.draw(), lost: broken => (this.find(".lost").hidden = !broken) }))
    }
    this.draw()
  }

  listen() {
    for (const button of this.root.querySelectorAll(".by button")) {
      button.onclick = () => {
        this.by = button.value
        this.zoom(null)
        this.component.setStateValue("by", this.by)
      }
    }
    for (const input of this.root.querySelectorAll("input")) input.oninput = () => this.draw()
  }

  zoom(zoom) {
    for (const chart of this.charts) chart.zoom = zoom
    this.draw()
  }

  draw() {
    for (const button of this.root.querySelectorAll(".by button")) button.ariaPressed = String(button.value === this.by)
    const known = this.data.shown.map(run => [run, this.tracks.get(run.id)]).filter(([, track]) => track?.news)
    if (!known.length) return
    const { category } = now.readColours(this.root)
    const line = run => ({ key: run.id, name: run.name, ...run.line, colour: category[run.line.colour] })
    const x = this.axis()
    const [log, also] = [this.find(".log").checked, this.find(".also").checked]
    const weight = Number(this.find(".weight").value)
    const tests = known.map(([run, track]) => ({ ...line(run), xs: track.ends(this.by), ys: track.of("test_accuracy") }))
    const trains = known.map(([run, track]) => ({ ...line(run), mark: "", width: 1.3, pale: true, silent: true, noisy: true, xs: track.steps(this.by), ys: track.points.accuracy }))
    const losses = known.map(([run, track]) => ({ ...line(run), noisy: true, xs: track.steps(this.by), ys: track.points.loss }))
    this.charts[0].show({ lines: also ? [...trains, ...tests] : tests, x, weight })
    this.charts[1].show({ lines: losses, x, log, weight })
    const steps = known.map(([run, track]) => `${run.id}:${track.news.progress.step}`)
    Object.assign(this.root.dataset, { overlayPainted: known.map(([run]) => run.id).join(" "), steps: steps.join(" "), by: this.by })
  }

  axis() {
    const { labels } = this.data
    const tick = { seconds: math.brief, epoch: math.brief, images: math.count, flops: math.count }[this.by]
    const text = { seconds: value => math.duration(value, labels), epoch: value => value.toFixed(2), images: math.count, flops: math.count }[this.by]
    return { word: labels[`by_${this.by}`], tick, text }
  }
}

const SKELETON = `
<div class="tools">
  <span class="segments by" role="group">
    <button type="button" value="epoch" data-word="epoch_word"></button><button type="button" value="seconds" data-word="seconds_word"></button><button type="button" value="images" data-word="images_word"></button><button type="button" value="flops" data-word="flops_word"></button>
  </span>
  <label><span data-word="smoothing"></span><input class="weight" type="range" min="0" max="0.99" step="0.01" value="0.8"></label>
  <label><input class="also" type="checkbox"><span data-word="training_too"></span></label>
  <label><input class="log" type="checkbox"><span data-word="logarithmic"></span></label>
</div>
<p class="lost" role="alert" data-word="lost" hidden></p>
<div class="plots side-by-side"><div class="accuracy"></div><div class="loss"></div></div>`
