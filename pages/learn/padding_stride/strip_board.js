// Windows on a strip or a plane. All numbers and words come from Python; this file places them,
// follows the pointer and plays. Only what the reader settles on goes back, never a movement.

import { follow, mount, saveButton } from "../../../explorer/ui/boards/board.js"
import { PLAY, PlayedBoard, stepButton } from "../../../explorer/ui/boards/player.js"
import { clamp, escape, spans } from "../../../explorer/ui/boards/shared.js"

const BEAT = 750 // ms from window to window while playing
const LANE = 11 // px between brackets that lie under each other

class Strip extends PlayedBoard {
  constructor(root) {
    super(root, SKELETON, BEAT)
    this.listen()
  }

  get last() {
    return this.data.windows.length - 1
  }

  get place() {
    return this.at
  }

  inside(number) {
    return clamp(number, 0, this.last)
  }

  slide(number) {
    this.cell = null
    this.go(number)
    this.follow()
  }

  restart() {
    this.slide(0)
  }

  picture() {
    return { element: this.root, file: `${this.data.kind}-window-${this.at + 1}` }
  }

  words() {
    const { words, formula, verdict, lost, meaning } = this.data
    this.cell = null
    this.find(".formulas").innerHTML = formula.map(line => `<div class="formula">${spans(line)}</div>`).join("")
    this.find(".verdict").textContent = verdict
    this.find(".verdict").classList.toggle("lost", lost)
    this.find(".stage").ariaLabel = `${meaning}. ${words.hint} ${words.keys}`
  }

  paint() {
    this.width = Math.floor(this.root.clientWidth)
    if (!this.width) return
    this.find(".stage").innerHTML = this.data.kind === "strip" ? drawStrip(this.data, this.width) : drawPlane(this.data, this.width)
    this.mark()
    this.root.dataset.stripPainted = this.data.key
  }

  // Light up the window at hand (pointed at, else chosen), or the cell pointed at and its readers.
  mark() {
    const { windows, cells } = this.data
    const at = this.over ?? this.at
    const cell = this.cell
    const each = (selector, lit) => {
      for (const node of this.all(selector)) node.classList.toggle("lit", lit(node.dataset))
    }
    const reads = ({ rows, columns }, row, column) => rows.includes(row) && columns.includes(column)
    each("[data-window]", ({ window }) => (cell ? reads(windows[window], ...cell) : Number(window) === at))
    each("[data-column]", ({ row, column }) => (cell ? `${cell}` === `${row},${column}` : reads(windows[at], Number(row), Number(column))))
    for (const node of this.all(".out"))
      node.classList.toggle("later", this.player.playing && Number(node.dataset.window) > at)
    for (const fan of this.all(".fan")) fan.style.display = !cell && Number(fan.dataset.of) === at ? "" : "none"
    for (const frame of this.all(".frame")) {
      frame.style.display = cell ? "none" : ""
      const step = JSON.parse(frame.dataset.step)
      const [i, j] = [Math.floor(at / this.data.places[1]), at % this.data.places[1]]
      frame.style.transform = `translate(${j * step[1]}px, ${i * step[0]}px)`
    }
    this.find(".note").innerHTML = spans((cell ? cells[cell[0]][cell[1]] : windows[at]).note)
    this.find("input").value = at
    this.find("input").setAttribute("aria-valuetext", `${at + 1} / ${windows.length}`)
  }

  // Where the strip is wider than the screen, keep the window in sight.
  follow() {
    const stage = this.find(".stage")
    const node = this.find(".out.lit")
    if (!node || stage.scrollWidth <= stage.clientWidth) return
    const box = node.getBoundingClientRect(), frame = stage.getBoundingClientRect()
    stage.scrollLeft += box.left + box.width / 2 - frame.left - frame.width / 2
  }

  listen() {
    const stage = this.find(".stage")
    const under = event => {
      const { window, row, column } = event.target.closest("[data-window], [data-column]")?.dataset ?? {}
      if (window) return { window: Number(window) }
      return column && { cell: [Number(row), Number(column)] }
    }
    const point = found => {
      if (found && this.player.playing) return
      this.over = found?.window ?? null
      this.cell = found?.cell ?? null
      this.mark()
    }
    const choose = found => {
      this.player.stop()
      if (found.cell) point(found)
      else this.slide(found.window)
    }
    this.pointers = [follow(stage, under, point, choose)]
    const move = (down, right) => () => {
      const goal = this.at + right + down * (this.data.places?.[1] ?? 1)
      if (goal >= 0 && goal <= this.last) this.slide(goal)
    }
    const ends = { Home: () => this.slide(0), End: () => this.slide(this.last) }
    this.keys(stage, { ...ends, ArrowLeft: move(0, -1), ArrowRight: move(0, 1), ArrowUp: move(-1, 0), ArrowDown: move(1, 0) })
  }
}

export default mount(Strip, ".strips")

const HATCH = `<defs><pattern id="never" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
  <line class="hatching" x1="3" y1="0" x2="3" y2="6"/></pattern></defs>`

function cellHtml({ text, pad, unread }, x, y, side, names) {
  const size = Math.min(15, side * 0.46, (side * 1.55) / text.length)
  const out = names.startsWith("data-window") ? "out" : ""
  return `<g class="${out} ${pad ? "pad" : ""} ${unread ? "unread" : ""}" ${names}>
    <rect class="cell" x="${x + 1}" y="${y + 1}" width="${side - 2}" height="${side - 2}" rx="3"/>
    ${unread ? `<rect class="hatch" x="${x + 1}" y="${y + 1}" width="${side - 2}" height="${side - 2}" rx="3"/>` : ""}
    <text class="middle" x="${x + side / 2}" y="${y + side / 2}" font-size="${size}">${text}</text></g>`
}

function drawStrip(data, room) {
  const { cells: [cells], windows, span, stride, ghost, titles } = data
  const last = windows.at(-1).columns[0] + stride
  const wide = ghost ? Math.max(cells.length, last + span) : cells.length
  const side = clamp(Math.floor((room - 8) / wide), 24, 52)
  const lanes = Math.ceil((span + 0.2) / stride) // windows that would overlap lie under each other
  const top = 24, under = top + side + 6
  const low = under + Math.min(lanes, windows.length + 1) * LANE + 26
  const x = position => 4 + position * side
  const parts = cells.map((cell, i) => cellHtml(cell, x(i), top, side, `data-row="0" data-column="${i}"`))
  windows.forEach(({ columns: taps, out }, i) => {
    const y = under + (i % lanes) * LANE
    const [from, to] = [x(taps[0]), x(taps[0] + span)]
    const middle = (from + to) / 2
    parts.push(`<polygon class="fan" data-of="${i}" points="${from + 2},${under - 3} ${to - 2},${under - 3} ${middle + side / 2},${low} ${middle - side / 2},${low}" style="display:none"/>`)
    parts.push(`<g class="window" data-window="${i}"><rect x="${from}" y="${y - 3}" width="${to - from}" height="${LANE}" fill="transparent"/>
      <path class="bracket" d="M${from + 4} ${y - 2}v5H${to - 4}v-5"/>
      ${taps.length < span || span === 1 ? taps.map(tap => `<circle class="tap" cx="${x(tap) + side / 2}" cy="${y + 3}" r="3.4"/>`).join("") : ""}</g>`)
    parts.push(cellHtml({ text: out }, middle - side / 2, low, side, `data-window="${i}"`))
  })
  if (ghost) {
    const y = under + (windows.length % lanes) * LANE
    const missing = Array.from({ length: wide - cells.length }, (_, i) => `<rect class="missing" x="${x(cells.length + i) + 1}" y="${top + 1}" width="${side - 2}" height="${side - 2}" rx="3"/>`)
    parts.push(`<g class="ghost">${missing.join("")}<path class="bracket" d="M${x(last) + 4} ${y - 2}v5H${x(last + span) - 4}v-5"/>
      <text x="${x(wide) - 2}" y="15" text-anchor="end">${escape(ghost)}</text></g>`)
  }
  const width = Math.max(x(wide) + 4, 200), height = low + side + 22
  return `<svg width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" aria-hidden="true">${HATCH}
    <text class="title" x="4" y="15">${escape(titles.input)}</text>${parts.join("")}
    <text class="title" x="4" y="${height - 5}">${escape(titles.output)}</text></svg>`
}

function drawPlane(data, room) {
  const { cells, windows, places, strides, titles } = data
  const [high, wide] = [cells.length, cells[0].length]
  const beside = room > 560
  const columns = beside ? wide + places[1] + 2 : Math.max(wide, places[1])
  const side = clamp(Math.min(Math.floor((room - 8) / columns), Math.floor(350 / Math.max(high, places[0]))), beside ? 16 : 14, 40)
  const top = 24
  const right = beside ? 4 + (wide + 2) * side : 4
  const down = beside ? top : top + high * side + 30
  const parts = cells.flatMap((row, i) => row.map((cell, j) =>
    cellHtml(cell, 4 + j * side, top + i * side, side, `data-row="${i}" data-column="${j}"`)))
  windows.forEach(({ out }, number) => {
    const [i, j] = [Math.floor(number / places[1]), number % places[1]]
    parts.push(cellHtml({ text: out }, right + j * side, down + i * side, side, `data-window="${number}"`))
  })
  const { rows, columns: across } = windows[0]
  const step = strides.map(stride => stride * side)
  parts.push(`<rect class="frame" data-step="${JSON.stringify(step)}" x="4" y="${top}" rx="4"
    width="${(across.at(-1) - across[0] + 1) * side}" height="${(rows.at(-1) - rows[0] + 1) * side}"/>`)
  if (beside) parts.push(`<text class="middle" x="${right - side}" y="${top + (Math.min(high, places[0]) * side) / 2}" font-size="22">→</text>`)
  const width = beside ? right + Math.max(places[1] * side, 110) + 4 : 8 + columns * side
  const height = Math.max(top + high * side, down + places[0] * side) + 6
  return `<svg width="${Math.max(width, 240)}" height="${height}" viewBox="0 0 ${Math.max(width, 240)} ${height}" aria-hidden="true">${HATCH}
    <text class="title" x="4" y="15">${escape(titles.input)}</text><text class="title" x="${right}" y="${down - 9}">${escape(titles.output)}</text>${parts.join("")}</svg>`
}

const SKELETON = `
<div class="formulas"></div><p class="verdict"></p>
<div class="stage" tabindex="0" role="group"></div>
<div class="player">
  <span class="keys" data-unsaved>${stepButton("back")}${PLAY}${stepButton("step", "forward")}<input type="range" min="0" value="0" data-name="scrub">${saveButton("svg")}</span>
  <div class="note" aria-live="polite"></div></div>
<div class="hint" data-unsaved></div>`
