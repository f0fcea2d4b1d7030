// One run, live: curves, progress, first kernels and predictions, asked for twice a second. Python
// hears only of what a reader asks for (pause, stop …), of another axis, and of a changed status.

import * as math from "../../../explorer/ui/runs/curves_math.js"
import { Chart } from "../../../explorer/ui/runs/curves_chart.js"
import { Track, GOING } from "../../../explorer/ui/runs/track.js"
import * as now from "../../../explorer/ui/runs/now.js"

const AGAIN = 2000 // milliseconds until the pictures are asked for once more
const PATIENCE = 6000 // milliseconds after which a button may be pressed again
const SIGNS = { queued: "…", starting: "▷", running: "▶", paused: "❚❚", finished: "✓", stopped: "■", cancelled: "–", failed: "!", diverged: "↗", interrupted: "⚡" }
const boards = new WeakMap()
const { element } = now

export default function (component) {
  const host = component.parentElement
  let board = boards.get(host)
  if (board && board.data.run !== component.data.run) {
    board.leave()
    board = null
  }
  if (!board) boards.set(host, (board = new Live(host, component.data)))
  board.receive(component)
  return () => {
    board.leave()
    boards.delete(host)
  }
}

class Live {
  constructor(host, data) {
    this.root = host.querySelector(".live")
    this.root.innerHTML = SKELETON
    this.data = data
    this.by = data.by
    this.weight = 0.8
    this.updates = 0
    this.words()
    const chart = (name, percent) =>
      new Chart(this.find(`.${name}`), { title: data.labels[name], percent, words: data.labels, change: zoom => this.zoom(zoom) })
    this.charts = [chart("accuracy", true), chart("loss", false)]
    this.kernels = new now.Kernels(this.find(".first"), data.labels)
    this.predictions = new now.Predictions(this.find(".samples"), data.labels)
    this.listen()
    this.track = new Track({
      base: data.base,
      run: data.run,
      heard: (_, answer) => this.hear(answer),
      gone: () => this.changed("gone"),
      lost: broken => (this.find(".lost").hidden = !broken),
      hurry: () => this.asked,
    })
    this.samples()
  }

  find(selector) {
    return this.root.querySelector(selector)
  }

  leave() {
    this.left = true
    for (const part of [this.track, ...this.charts, this.kernels]) part.leave()
  }

  receive(component) {
    this.component = component
    this.data = component.data
    const colours = now.readColours(this.root)
    this.colours = colours
    this.head()
    this.draw()
    if (this.asked) this.track.poll.now()
  }

  // -- what the server says -------------------------------------------------------------------

  hear(answer) {
    Object.assign(this, { news: answer, status: answer.status })
    if (this.asked && (answer.requested === this.asked || this.status !== this.askedAt)) this.asked = ""
    this.updates += 1
    this.head()
    this.draw()
    if (answer.now) this.look(answer.now, answer.snapshot)
    this.changed(this.status)
    Object.assign(this.root.dataset, { livePainted: this.data.run, status: this.status, updates: this.updates, step: answer.progress.step })
  }

  // The page below the board depends on the status: let it be drawn anew, once for each change.
  changed(status) {
    if (status === this.data.status || status === this.told) return
    this.told = status
    this.component.setTriggerValue("changed", status)
  }

  look({ kernels, answers }, snapshot) {
    if (!answers.length) return // nothing has been computed yet
    this.kernels.show(kernels)
    this.answers = answers
    this.predictions.show(answers)
    this.root.dataset.snapshot = snapshot
  }

  async samples() {
    const answer = await fetch(`${this.data.base}/${this.data.run}/samples`).catch(() => null)
    if (!answer?.ok) return
    const { classes, items } = await answer.json()
    if (!items.length) return setTimeout(() => this.left || this.samples(), AGAIN) // not begun yet
    this.predictions.pictures(classes, items)
    this.predictions.show(this.answers)
    this.find(".ten").hidden = false
  }

  // -- words and buttons -----------------------------------------------------------------------

  words() {
    const { labels } = this.data
    for (const each of this.root.querySelectorAll("[data-word]")) each.textContent = labels[each.dataset.word]
    for (const button of this.root.querySelectorAll(".by button")) button.textContent = labels[`${button.value}_word`]
  }

  head() {
    const { labels } = this.data
    const status = this.status ?? this.data.status
    const sign = this.find(".status")
    sign.dataset.is = status
    sign.dataset.sign = SIGNS[status] ?? ""
    sign.textContent = labels[this.asked ? `asked_${this.asked}` : `status_${status}`] ?? status
    this.find(".facts").textContent = this.news ? this.facts().join(" · ") : ""
    const progress = this.news?.progress ?? {}
    const [done, total] = this.news?.loading ?? [progress.step, progress.total]
    const share = total ? done / total : 0
    const bar = this.find(".bar")
    bar.firstElementChild.style.width = `${100 * share}%`
    bar.ariaValueNow = Math.round(100 * share)
    bar.ariaLabel = labels.progress
    this.buttons(status)
  }

  facts() {
    const { labels, place } = this.data
    const { progress, queue, loading, left, status } = this.news
    const facts = [place]
    if (loading) facts.push(math.fill(labels.fetching, { n: math.size(loading[0]), total: math.size(loading[1]) }))
    if (queue) facts.push(math.fill(labels.position, { n: queue.position }))
    if (queue?.until != null) facts.push(math.fill(labels.starts_in, { time: math.duration(queue.until, labels) }))
    if (progress.epochs) facts.push(math.fill(labels.epoch_of, { n: Math.min(progress.epoch + (status === "running" ? 1 : 0), progress.epochs), total: progress.epochs }))
    if (status === "running" && progress.rate) facts.push(math.fill(labels.rate, { n: math.count(progress.rate) }))
    if (GOING.includes(status) && left != null) facts.push(math.fill(status === "queued" ? labels.takes : labels.left, { time: math.duration(left, labels) }))
    if (!GOING.includes(status) && progress.seconds) facts.push(math.fill(labels.took, { time: math.duration(progress.seconds, labels) }))
    return facts
  }

  buttons(status) {
    const asks = this.data.asks[status] ?? []
    const place = this.find(".asks")
    const { labels, refused } = this.data
    const key = `${asks} ${this.asked} ${JSON.stringify(refused)}`
    if (key === place.dataset.key) return
    place.dataset.key = key
    place.replaceChildren(
      ...asks.map(ask => {
        const className = ask === "resume" ? "button chief" : "button"
        const disabled = Boolean(this.asked || refused[ask])
        const button = element("button", { type: "button", className, disabled, title: refused[ask] ?? "" }, labels[ask])
        button.dataset.ask = ask
        button.onclick = () => this.ask(ask)
        return button
      }),
    )
  }

  // Shown at once; the next answers say what has come of it.
  ask(what) {
    this.asked = what
    this.askedAt = this.status
    this.told = ""
    this.head()
    this.component.setTriggerValue("ask", what)
    clearTimeout(this.giveUp)
    this.giveUp = setTimeout(() => {
      this.asked = ""
      this.head()
    }, PATIENCE)
  }

  listen() {
    for (const button of this.root.querySelectorAll(".by button")) {
      button.onclick = () => {
        this.by = button.value
        this.zoom(null)
        this.component.setStateValue("by", this.by)
      }
    }
    this.find(".weight").oninput = event => {
      this.weight = Number(event.target.value)
      this.draw()
    }
    this.find(".log").onchange = () => this.draw()
  }

  // -- curves -----------------------------------------------------------------------------------

  zoom(zoom) {
    for (const chart of this.charts) {
      chart.zoom = zoom
      chart.draw()
    }
    this.draw()
  }

  draw() {
    for (const button of this.root.querySelectorAll(".by button")) button.ariaPressed = String(button.value === this.by)
    if (!this.news) return
    const { labels, course } = this.data
    const { track } = this
    const [xs, ends] = [track.steps(this.by), track.ends(this.by)]
    const [blue, red] = this.colours.category
    const own = (key, colour, values) => ({ key, name: labels[key], colour, xs, ys: values, noisy: true })
    const test = (key, which) => ({ key, name: labels[key], colour: red, mark: "circle", width: 1.8, xs: ends, ys: track.of(which) })
    const behind = (key, values, dash, mark) => ({ key, name: labels[key], colour: this.colours.quiet, dash, mark, width: 2, behind: true, xs: this.courseXs(values.length), ys: values })
    const theirs = [course && ["course_train", "train_accuracy", "7 4", ""], course && ["course_test", "test_accuracy", "2 3", "diamond"]]
    const shown = theirs.filter(each => each && course[each[1]].length).map(([key, name, dash, mark]) => behind(key, course[name], dash, mark))
    const x = this.axis(this.news.asked)
    const log = this.find(".log").checked
    this.charts[0].show({ lines: [own("train", blue, track.points.accuracy), test("test", "test_accuracy"), ...shown], x, weight: this.weight })
    const losses = course?.train_loss.length ? [behind("course_train", course.train_loss, "7 4", "")] : []
    this.charts[1].show({ lines: [own("train", blue, track.points.loss), test("test", "test_loss"), ...losses], x, log, weight: this.weight })
  }

  axis(asked) {
    const { labels } = this.data
    const { total } = this.news.progress
    if (this.by === "seconds") return { word: labels.by_seconds, tick: math.brief, text: value => math.duration(value, labels) }
    if (this.by === "step") return { word: labels.by_step, whole: true, span: total ? [0, total] : null, tick: math.count, text: value => math.fill(labels.step_n, { n: Math.round(value) }) }
    return { word: labels.by_epoch, span: asked ? [0, asked] : null, tick: math.brief, text: value => value.toFixed(2) }
  }

  // The course printed its figures by epoch; its seconds were another machine's, so ours are taken.
  courseXs(count) {
    const { per } = this.news
    const { step, seconds: times } = this.track.points
    const seconds = step.length ? (times.at(-1) / step.at(-1)) * per : 0
    const unit = { epoch: 1, step: per, seconds }[this.by]
    return Array.from({ length: count }, (_, i) => (i + 1) * unit)
  }
}

const SKELETON = `
<div class="head">
  <span class="status" role="status"></span><span class="facts"></span><span class="asks tools"></span>
</div>
<div class="bar" role="progressbar" aria-valuemin="0" aria-valuemax="100"><i></i></div>
<p class="lost" role="alert" data-word="lost" hidden></p>
<div class="tools">
  <span class="segments by" role="group">
    <button type="button" value="epoch"></button><button type="button" value="step"></button><button type="button" value="seconds"></button>
  </span>
  <label><span data-word="smoothing"></span><input class="weight" type="range" min="0" max="0.99" step="0.01" value="0.8"></label>
  <label><input class="log" type="checkbox"><span data-word="logarithmic"></span></label>
</div>
<div class="grid side-by-side"><div class="accuracy"></div><div class="loss"></div><div class="first"></div></div>
<h3 class="ten" data-word="same_pictures" hidden></h3>
<div class="samples"></div>`
