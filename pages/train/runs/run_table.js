// The table of runs, brought up to date every second. Ticks choose runs; their signs in the charts
// stand beside them. Python hears of ticks (`chosen`) and of a run to be opened (`open`).

import { Board, mount } from "../../../explorer/ui/boards/board.js"
import { add, fill } from "../../../explorer/ui/boards/shared.js"
import { sample } from "../../../explorer/ui/runs/curves_chart.js"
import * as math from "../../../explorer/ui/runs/curves_math.js"
import * as now from "../../../explorer/ui/runs/now.js"
import { GOING, Poll, SIGNS } from "../../../explorer/ui/runs/track.js"

const QUICK = 1000
const SLOW = 3000
const COLUMNS = ["name", "status", "network", "dataset", "progress", "curve", "accuracy", "seconds", "created"]
const SORTED = { name: run => run.name.toLowerCase(), status: run => run.status, network: run => run.network, dataset: run => run.dataset, progress: run => run.done, accuracy: run => run.accuracy ?? -1, seconds: run => run.seconds ?? 0, created: run => run.id }
const { element } = now

class Table extends Board {
  static early = true

  constructor(root, { data }) {
    super(root, SKELETON)
    this.data = data
    this.runs = new Map()
    this.chosen = new Set(data.chosen)
    this.sort = { by: "created", down: true }
    this.seen = ""
    this.find(".lost").textContent = data.labels.lost
    this.head()
    this.poll = new Poll({
      ask: () => `${data.base}?${new URLSearchParams({ seen: this.seen })}`,
      hear: answer => this.hear(answer),
      every: () => ([...this.runs.values()].some(run => GOING.includes(run.status)) ? QUICK : SLOW),
      lost: broken => (this.find(".lost").hidden = !broken),
    })
  }

  leave() {
    super.leave()
    this.poll.leave()
  }

  receive(component) {
    this.component = component
    this.data = component.data
    const given = JSON.stringify(this.data.chosen)
    if (given !== this.given) this.chosen = new Set(this.data.chosen)
    this.given = given
    this.draw()
    this.poll.now()
  }

  hear(answer) {
    this.seen = answer.seen
    for (const run of answer.rows) this.runs.set(run.id, run)
    for (const id of this.runs.keys()) if (!answer.all.includes(id)) this.runs.delete(id)
    this.draw()
    this.changed()
    this.root.dataset.tablePainted = answer.all.length
  }

  // What the page says below depends on the status of the runs that are chosen.
  changed() {
    const other = Object.entries(this.data.statuses).filter(([id, status]) => this.runs.get(Number(id))?.status !== status)
    const key = other.map(([id]) => `${id} ${this.runs.get(Number(id))?.status}`).join()
    if (key && key !== this.told) this.component.setTriggerValue("changed", key)
    this.told = key
  }

  head() {
    const { labels } = this.data
    const row = this.find("thead tr")
    row.replaceChildren(element("th", {}, element("span", { className: "spoken" }, labels.choose)))
    for (const name of COLUMNS) {
      const word = labels[`column_${name}`]
      const onclick = () => {
        this.sort = { by: name, down: this.sort.by === name ? !this.sort.down : name !== "name" }
        this.draw()
      }
      row.append(element("th", { scope: "col", className: `c-${name}` }, name in SORTED ? element("button", { type: "button", onclick }, word) : word))
    }
  }

  draw() {
    const { by, down } = this.sort
    const value = SORTED[by]
    const order = [...this.runs.values()].sort((a, b) => (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : a.id - b.id) * (down ? -1 : 1))
    const focus = this.root.getRootNode().activeElement?.closest?.("tr")?.dataset.run
    const which = this.root.getRootNode().activeElement?.className
    this.span = math.extent([...this.runs.values()].flatMap(run => run.curve).filter(math.isNumber))
    this.find(".rows").textContent = fill(this.data.labels.rows, { n: this.runs.size })
    this.find("tbody").replaceChildren(...order.map(run => this.row(run)))
    if (focus && which) this.find(`tr[data-run="${focus}"] .${which.split(" ")[0]}`)?.focus()
    this.all("th[scope]").forEach((cell, i) => {
      cell.ariaSort = COLUMNS[i] === by ? (down ? "descending" : "ascending") : "none"
    })
  }

  row(run) {
    const { labels, signs } = this.data
    const tick = element("input", { type: "checkbox", className: "tick", checked: this.chosen.has(run.id), ariaLabel: fill(labels.choose_run, { name: run.name }) })
    tick.onchange = () => this.tick(run.id, tick.checked)
    const line = signs[run.id] && this.chosen.has(run.id) ? sample({ ...signs[run.id], colour: now.readColours(this.root).category[signs[run.id].colour] }) : ""
    const open = element("a", { className: "open", href: `${this.data.live}?run=${run.id}`, title: run.note || labels.open_run }, run.name)
    open.onclick = event => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return
      event.preventDefault()
      this.component.setTriggerValue("open", run.id)
    }
    const cells = {
      name: open,
      status: element("span", { className: "status", "data-is": run.status, "data-sign": SIGNS[run.status] }, labels[`status_${run.status}`]),
      network: run.network,
      dataset: run.dataset,
      progress: element("span", { className: "done" }, element("i", { style: `width:${100 * run.done}%` }), element("span", {}, fill(labels.epochs_of, { n: run.epoch, total: run.epochs }))),
      curve: spark(run.curve, this.span, labels.spark),
      accuracy: run.accuracy === null ? "–" : math.percent(run.accuracy),
      seconds: run.seconds ? math.duration(run.seconds, labels) : "–",
      created: this.when(run.created),
    }
    const pick = element("td", {}, element("label", { className: "pick" }, tick, line))
    const rest = COLUMNS.map(name => element("td", { className: `c-${name}` }, cells[name]))
    return element("tr", { "data-run": run.id, "data-status": run.status }, pick, ...rest)
  }

  when(seconds) {
    const date = new Date(1000 * seconds)
    const today = date.toDateString() === new Date().toDateString()
    const style = today ? { hour: "2-digit", minute: "2-digit" } : { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }
    return date.toLocaleString(this.data.language, style)
  }

  tick(id, on) {
    if (on) this.chosen.add(id)
    else this.chosen.delete(id)
    this.tell("chosen", [...this.chosen].sort((a, b) => a - b), 0)
  }
}

export default mount(Table, ".table")

const SKELETON = `
<div class="scroll"><table><thead><tr></tr></thead><tbody></tbody></table></div><p class="rows quiet"></p><p class="lost" role="alert" hidden></p>`

// Test accuracy by epoch, from the lowest to the highest of all rows: they can be compared.
function spark(curve, [low, high], words) {
  const values = curve.filter(math.isNumber)
  const svg = add(null, "svg", { viewBox: "0 0 80 22", width: 80, height: 22, class: "spark", "aria-hidden": "true" })
  if (values.length < 2) return svg
  const points = values.map((value, i) => [3 + (74 * i) / (values.length - 1), 19 - (16 * (value - low)) / (high - low || 1)])
  add(svg, "path", { d: `M${points.map(point => point.map(each => each.toFixed(1)).join(" ")).join("L")}` })
  add(svg, "title", {}, fill(words, { low: math.percent(low), high: math.percent(high) }))
  add(svg, "circle", { cx: points.at(-1)[0], cy: points.at(-1)[1], r: 2.6 })
  return svg
}
