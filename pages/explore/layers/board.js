// The layer board: the picture, the table and the "why" panel, linked. Streamlit calls the default
// export at every change of its data; the reader's choice, folding, zoom and scroll live here.

import { Board, mount } from "../../../explorer/ui/boards/board.js"
import { make, nameAll, still } from "../../../explorer/ui/boards/shared.js"
import * as tree from "./tree.js"
import * as table from "./table.js"
import * as graph from "./graph.js"
import * as strip from "./strip.js"
let layOut = null // brings dagre; the first table does not wait for it
const layout = import("./layout.js").then(module => (layOut = module.layOut))
layout.catch(() => {}) // who draws says so

const WIDE = 1180 // px of the board from which "why" stands beside the table and all columns fit
const HEADER = 52 // px at the top that the page's own header covers
const NARROW = 600 // px of the board below which the columns that matter most stand first
const SMALL = 80 // visible rows up to which the picture is drawn together with the table

class Layers extends Board {
  constructor(root) {
    super(root, SKELETON)
    this.strip = new strip.Strip(this.find(".strip"))
    this.selected = null
    this.open = new Set()
    this.lit = [] // cells and formulas that belong to what the pointer is on
    this.left = false
    this.listen()
    this.resized(() => this.resize())
  }

  leave() {
    super.leave()
    this.left = true
  }

  // What is folded and chosen belongs to the reader.
  content({ view, ...data }) {
    this.view = view
    return data
  }

  update(before) {
    const { view } = this
    const { content, ...rest } = this.data
    const fresh = before?.key !== rest.key
    this.data = { ...rest, ...JSON.parse(content) }
    this.tree = tree.growTree(this.data)
    if (fresh) {
      clearTimeout(this.timer)
      this.open = tree.readOpen(this.tree, view?.open)
      this.selected = this.tree.byId.has(view?.selected) ? view.selected : null
      for (const id of tree.path(this.tree, this.selected).slice(0, -1)) this.open.add(id)
    } else {
      this.open = tree.readOpen(this.tree, [...this.open])
      if (!this.tree.byId.has(this.selected)) this.selected = null
    }
    this.words()
    this.paint(fresh)
    this.arriving = !before && this.selected !== null
    this.paintGraphSoon(!fresh)
  }

  words() {
    const { data: { labels, rows }, tree: { groups } } = this
    const families = new Set(rows.filter(row => !row.group).map(row => row.family))
    families.delete("input")
    nameAll(this.root, labels)
    this.find(".strip").ariaLabel = `${labels.graph}. ${labels.drag_hint}`
    this.find('[data-act="fit"]').title = labels.drag_hint
    this.find(".legend").innerHTML = table.legendHtml([...families], labels)
    this.find(".folding").hidden = !groups.length
    this.root.classList.toggle("plain", !groups.length)
  }

  // The table, whole. 60 rows take a few milliseconds, 900 some dozens.
  paint(fresh) {
    const scroll = this.find(".scroll")
    const kept = [scroll.scrollLeft, scroll.scrollTop]
    this.visible = tree.visibleRows(this.tree, this.open)
    this.font ??= getComputedStyle(scroll)
    this.narrow = this.root.clientWidth < NARROW
    const display = { ...this.data, columns: table.arranged(this.data.columns, this.narrow) }
    const widths = table.columnWidths(display, this.visible, `${this.font.fontSize} ${this.font.fontFamily}`)
    const [columns, least] = table.template(widths, scroll.clientWidth, this.narrow)
    scroll.style.setProperty("--columns", columns)
    scroll.style.setProperty("--least", `${least}px`)
    scroll.innerHTML = table.tableHtml(display, this.visible, this.open)
    this.wide ??= this.root.clientWidth >= WIDE
    this.mark()
    scroll.scrollTo(...(fresh ? [0, 0] : kept))
    if (fresh && this.selected !== null) this.revealRow()
    this.root.dataset.boardPainted = this.data.key
  }

  // A small picture is drawn at once (a few ms); a large one when the table is on the screen.
  paintGraphSoon(keep, held = null) {
    const { data } = this
    const left = held === null ? null : this.strip.at(held)
    const draw = () => {
      if (this.left || this.data !== data) return
      const edges = tree.levelEdges(this.tree, this.open)
      this.strip.show(graph.drawGraph(layOut(this.tree, edges, this.open), data.labels, data.title), keep)
      if (held !== null) this.strip.hold(held, left)
      this.markGraph()
      if (!keep && this.selected !== null) this.strip.reveal(this.selected)
      if (this.arriving) this.reveal("auto") // what a link leads to; now the picture has its height
      this.arriving = false
      this.root.dataset.boardGraph = data.key
    }
    const broken = error => {
      console.error(error)
      if (!this.left) this.strip.say(data.labels.broken)
    }
    if (layOut && this.visible.length <= SMALL) return draw()
    requestAnimationFrame(() => setTimeout(() => layout.then(draw).catch(broken)))
  }

  row(id) {
    return this.find(`tbody tr[data-id="${id}"]`)
  }

  // Show which row is chosen: in the table, in the picture, and its arithmetic.
  mark() {
    this.find("tr.detail")?.remove()
    this.lit = []
    for (const row of this.all('tr[aria-selected="true"]')) row.setAttribute("aria-selected", "false")
    for (const row of this.all('tr[tabindex="0"]')) row.tabIndex = -1
    const row = this.selected === null ? null : this.row(this.selected)
    row?.setAttribute("aria-selected", "true")
    const first = row ?? this.find("tbody tr")
    if (first) first.tabIndex = 0
    const html = table.whyHtml(this.data, this.selected === null ? null : this.tree.byId.get(this.selected))
    this.root.classList.toggle("wide", this.wide)
    this.find(".why").innerHTML = this.wide || !row ? html : ""
    this.find(".why").hidden = !this.wide && row !== null
    if (!this.wide && row) {
      const detail = make("tr", "detail")
      detail.setAttribute("role", "row")
      detail.innerHTML = `<td role="gridcell" colspan="${this.data.columns.length}"><div class="why">${html}</div></td>`
      row.after(detail)
    }
  }

  markGraph() {
    const svg = this.strip.svg
    if (!svg) return
    for (const node of svg.querySelectorAll(".chosen, .lit")) node.classList.remove("chosen", "lit")
    const id = this.selected
    if (id === null) return
    if (this.open.has(id)) return svg.querySelector(`.frame[data-id="${id}"]`)?.classList.add("chosen")
    for (const node of svg.querySelectorAll(`[data-id="${id}"]`)) node.classList.add("chosen")
    for (const wire of svg.querySelectorAll(`[data-from="${id}"], [data-to="${id}"]`)) wire.classList.add("lit")
  }

  choose(id, from) {
    this.selected = id === this.selected && from === "row" ? null : id
    this.mark()
    this.markGraph()
    if (this.selected !== null) this.reveal()
    if (this.selected !== null && from !== "graph") this.strip.reveal(this.selected)
    this.settle()
  }

  // In the table's own window: the chosen row and, where they are below it, its formulas.
  revealRow() {
    const chosen = this.row(this.selected)
    if (!chosen) return
    const scroll = this.find(".scroll")
    const top = chosen.offsetTop - this.find("thead").offsetHeight - 4
    const end = this.find("tr.detail") ?? chosen
    const bottom = end.offsetTop + end.offsetHeight
    if (bottom > scroll.scrollTop + scroll.clientHeight) scroll.scrollTop = Math.min(top, bottom - scroll.clientHeight)
    if (top < scroll.scrollTop) scroll.scrollTop = top
  }

  // In the page too, no further than it takes: the row and, beside or below it, why.
  reveal(behavior = still() ? "auto" : "smooth") {
    this.revealRow()
    const [chosen, panel] = [this.row(this.selected), this.find(".why:not([hidden])")]
    if (!chosen || !panel) return
    const [head, first, last, lower] = [this.find("thead"), chosen, panel, this.find(".lower")].map(each => each.getBoundingClientRect())
    const bottom = Math.max(first.bottom, Math.min(last.bottom, lower.bottom))
    const above = Math.min(first.top - head.height, last.top) - HEADER
    const top = above < 0 ? above : Math.max(0, Math.min(bottom + 8 - window.innerHeight, above))
    if (top) scroller(this.root).scrollBy({ top, behavior })
  }

  fold(id) {
    if (!this.open.delete(id)) this.open.add(id)
    this.refold(id)
  }

  foldAll(open) {
    this.open = new Set(open ? this.tree.groups : [])
    this.refold(null)
  }

  // A choice hidden by folding moves to the block that hides it.
  refold(id) {
    const active = this.root.getRootNode().activeElement
    const focused = active?.closest?.("tbody tr") ? Number(active.closest("tr").dataset.id) : null
    if (this.selected !== null) this.selected = tree.visibleFor(this.tree, this.open, this.selected)
    this.paint(false)
    if (focused !== null) this.focus(tree.visibleFor(this.tree, this.open, focused))
    this.paintGraphSoon(id !== null, id)
    this.settle()
  }

  focus(id) {
    for (const row of this.all('tr[tabindex="0"]')) row.tabIndex = -1
    const row = this.row(id)
    if (!row) return
    row.tabIndex = 0
    row.focus({ preventScroll: true })
    row.scrollIntoView({ block: "nearest", inline: "nearest" })
  }

  // Python hears of it once the reader pauses; the answer changes nothing here.
  settle() {
    this.tell("view", { key: this.data.key, selected: this.selected, open: tree.writeOpen(this.tree, this.open) })
  }

  resize() {
    const scroll = this.find(".scroll")
    this.root.style.setProperty("--seen", `${scroll.clientWidth}px`)
    this.strip.resize()
    if (!this.data) return
    const wide = this.root.clientWidth >= WIDE
    const turned = wide !== this.wide
    this.wide = wide
    if (this.narrow !== this.root.clientWidth < NARROW) this.paint(false)
    else if (turned) this.mark()
  }

  listen() {
    const nearest = (event, selector) => event.target.closest(selector)
    this.root.addEventListener("pointerdown", event => (this.pressed = [event.clientX, event.clientY]))
    this.root.addEventListener("click", event => {
      const { learn } = nearest(event, "[data-learn]")?.dataset ?? {}
      if (learn) return this.learn(event, learn)
      const act = nearest(event, "[data-act]")?.dataset.act
      if (act) return this.act(act)
      if (nearest(event, ".strip") && this.strip.dragged) return
      const toggle = nearest(event, "[data-fold]")
      if (toggle) return this.fold(Number(toggle.dataset.fold))
      const node = nearest(event, ".strip [data-id]")
      if (node) return this.choose(Number(node.dataset.id), "graph")
      const row = nearest(event, "tbody tr[data-id]")
      if (row && !this.swept(event)) this.choose(Number(row.dataset.id), "row")
    })
    this.root.addEventListener("dblclick", event => {
      const id = nearest(event, ".strip [data-open]")?.dataset.open ?? nearest(event, "tr.group")?.dataset.id
      if (id !== undefined && !nearest(event, "[data-fold]")) this.fold(Number(id))
    })
    this.root.addEventListener("keydown", event => {
      const element = event.target.closest("tbody tr[data-id]")
      if (!element || event.target !== element || event.ctrlKey || event.metaKey || event.altKey) return
      const row = this.tree.byId.get(Number(element.dataset.id))
      const [verb, id] = table.keyVerb(event, row, this.tree, this.visible, this.open) ?? []
      if (!verb) return
      event.preventDefault()
      if (verb === "choose") this.choose(id, "row")
      else this[verb](id)
    })
    this.root.addEventListener("pointerover", event => {
      const column = nearest(event, ".formula[data-column]") ?? nearest(event, 'tr[aria-selected="true"] [data-column]')
      this.light(column?.dataset.column)
    })
  }

  light(column) {
    if (!column && !this.lit.length) return
    for (const element of this.lit) element.classList.remove("meant")
    const same = `.formula[data-column="${column}"], tr[aria-selected="true"] [data-column="${column}"]`
    this.lit = column ? [...this.all(same)] : []
    for (const element of this.lit) element.classList.add("meant")
  }

  // Text was marked with the mouse; that chooses nothing.
  swept(event) {
    const [x, y] = this.pressed ?? [event.clientX, event.clientY]
    return event.detail > 0 && Math.hypot(event.clientX - x, event.clientY - y) > 6
  }

  act(name) {
    const acts = {
      fold_all: () => this.foldAll(false),
      unfold_all: () => this.foldAll(true),
      fit: () => this.strip.fit(),
      zoom_in: () => this.strip.zoom(this.strip.scale * 1.25),
      zoom_out: () => this.strip.zoom(this.strip.scale / 1.25),
      download_svg: () => this.download(),
    }
    acts[name]()
  }

  // A link that is opened elsewhere is the browser's own.
  learn(event, url) {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return
    event.preventDefault()
    this.component.setTriggerValue("learn", url)
  }

  async download() {
    if (!this.strip.svg) return
    const { blobOf, download, resolved } = await import("../../../explorer/ui/boards/save.js")
    const picture = graph.exportSvg(this.strip.svg, resolved, this.find(".legend"), getComputedStyle(this.root))
    download(blobOf(picture), `${this.data.file}.svg`)
  }
}

// What scrolls the page: the nearest ancestor that can, through the edge of a shadow tree too.
function scroller(element) {
  for (let at = element.parentNode; at; at = at.parentNode ?? at.host)
    if (at.scrollHeight > at.clientHeight && /auto|scroll/.test(getComputedStyle(at).overflowY)) return at
  return document.scrollingElement
}

export default mount(Layers, ".board")

const SKELETON = `
<section class="picture">
  <header><h2 data-word="graph"></h2><div class="legend"></div><div class="tools">
    <button type="button" data-act="zoom_out" data-name="zoom_out">−</button>
    <button type="button" data-act="zoom_in" data-name="zoom_in">+</button>
    <button type="button" data-act="fit" data-word="fit"></button>
    <button type="button" data-act="download_svg" data-word="download_svg"></button></div></header>
  <div class="strip" tabindex="0" role="group"></div>
</section>
<div class="lower">
  <section class="layers">
    <header><h2 data-word="table"></h2><div class="tools folding">
      <button type="button" data-act="unfold_all" data-word="unfold_all"></button>
      <button type="button" data-act="fold_all" data-word="fold_all"></button></div></header>
    <div class="scroll"></div>
  </section>
  <aside class="why" aria-live="polite"></aside>
</div>`
