// A stack of layers as strips over a picture. Which cells a unit reads comes from Python, for each
// unit the cells of the level below; this file follows those lists down and lights up what it finds.

import { follow, mount, saveButton } from "../../../explorer/ui/boards/board.js"
import { PLAY, PlayedBoard, stepButton } from "../../../explorer/ui/boards/player.js"
import { clamp, escape, set, spans } from "../../../explorer/ui/boards/shared.js"

const BEAT = 1100 // ms from layer to layer while playing
const NARROW = 700 // px below which the picture stands under the strips
const TITLE = 17, CELL = 18 // px of one level, from top to bottom, and the least gap below it
const GAP = 13

// The cells of every level that a unit depends on; the last entry is the unit itself.
function cellsBelow(levels, level, unit) {
  const found = [[unit]]
  for (let number = level; number > 0; number--) {
    const read = new Set(found[0].flatMap(cell => levels[number].reads[cell]))
    found.unshift([...read].sort((a, b) => a - b))
  }
  return found
}

// [3, 4, 5, 9] → [[3, 5], [9, 9]]
function runs(cells) {
  const found = []
  for (const cell of cells) {
    if (found.length && found.at(-1)[1] === cell - 1) found.at(-1)[1] = cell
    else found.push([cell, cell])
  }
  return found
}

class Fields extends PlayedBoard {
  constructor(root) {
    super(root, SKELETON, BEAT)
    this.listen()
  }

  get last() {
    return this.data.levels.length - 1
  }

  get place() {
    return this.at[0]
  }

  inside([level, row, column]) {
    const number = clamp(level, 0, this.last)
    const last = this.data.levels[number].units - 1
    return [number, clamp(row, 0, last), clamp(column, 0, last)]
  }

  // The same place in the picture, on another level.
  slide(level) {
    const { levels } = this.data
    const number = clamp(level, 0, this.last)
    const [from, ...places] = this.at
    this.go([number, ...places.map(unit => this.unitAt(number, levels[from].middle + unit * levels[from].jump))])
  }

  // From the bottom, under the middle of the last layer.
  restart() {
    const { middle, jump, units } = this.data.levels[this.last]
    const pixel = Math.round(middle + Math.floor((units - 1) / 2) * jump)
    this.go([0, pixel, pixel])
  }

  picture() {
    const [level, , unit] = this.at
    return { element: this.root, file: `field-layer-${level}-unit-${unit + 1}` }
  }

  words() {
    this.find(".sight").ariaLabel = this.data.words.picture
    this.find("img").src = this.data.picture
  }

  paint() {
    this.width = this.root.clientWidth
    if (!this.width) return
    this.root.classList.toggle("narrow", this.width < NARROW)
    this.find(".stage").innerHTML = drawStack(this.data.levels, this.find(".stage").clientWidth)
    const side = this.data.levels[0].units
    this.find(".sight svg").setAttribute("viewBox", `0 0 ${side} ${side}`)
    this.fans = [...this.all(".fan")]
    this.cells = this.data.levels.map((_, level) => [...this.all(`.cell[data-level="${level}"]`)])
    this.mark()
    this.root.dataset.fieldPainted = this.data.key
  }

  // Light up what the unit pointed at, else the chosen one, depends on.
  mark() {
    const { levels } = this.data
    const [level, row, column] = this.over ?? this.at
    const across = cellsBelow(levels, level, column)
    this.cells.forEach((cells, number) => {
      const lit = new Set(across[number])
      cells.forEach((cell, unit) => {
        cell.classList.toggle("lit", lit.has(unit))
        cell.classList.toggle("chosen", number === level && unit === column)
      })
    })
    for (const node of this.all(".level")) node.classList.toggle("current", Number(node.dataset.level) === level)
    this.fans.forEach((fan, number) => {
      const [low, high] = [across[number], across[number + 1]]
      const shown = high?.length && low?.length
      fan.style.display = shown ? "" : "none"
      if (!shown) return
      const ends = (of, cells) => [this.edge(of, cells[0], 0), this.edge(of, cells.at(-1), 1)]
      const [a, b] = ends(number + 1, high), [c, d] = ends(number, low)
      const [top, bottom] = [fan.dataset.top, fan.dataset.bottom]
      fan.setAttribute("points", `${a},${top} ${b},${top} ${d},${bottom} ${c},${bottom}`)
    })
    this.see(cellsBelow(levels, level, row)[0], across[0])
    this.find(".formula").innerHTML = spans(levels[level].formula)
    this.find(".note").textContent = levels[level].notes[column]
    const scrub = this.find("input")
    scrub.value = level
    scrub.setAttribute("aria-valuetext", levels[level].title)
  }

  edge(level, unit, end) {
    const cell = this.cells[level][unit]
    return Number(cell.getAttribute("x")) + end * Number(cell.getAttribute("width"))
  }

  // The field in the picture: all else is shaded.
  see(rows, columns) {
    const side = this.data.levels[0].units
    let path = `M0 0H${side}V${side}H0Z`
    for (const [top, bottom] of runs(rows))
      for (const [left, right] of runs(columns)) path += `M${left} ${top}H${right + 1}V${bottom + 1}H${left}Z`
    this.find(".shade").setAttribute("d", path)
    for (const box of this.all(".box")) {
      box.style.display = rows.length && columns.length ? "" : "none"
      if (!rows.length || !columns.length) continue
      set(box, { x: columns[0], y: rows[0], width: columns.at(-1) - columns[0] + 1, height: rows.at(-1) - rows[0] + 1 })
    }
  }

  // The unit of `level` whose field's middle is nearest to a pixel.
  unitAt(level, pixel) {
    const { middle, jump, units } = this.data.levels[level]
    return clamp(Math.round((pixel - middle) / jump), 0, units - 1)
  }

  listen() {
    const stage = this.find(".stage"), sight = this.find(".sight")
    const pointed = event => {
      const node = event.target.closest("[data-level][data-unit]")
      return node ? [Number(node.dataset.level), Math.min(this.at[1], this.data.levels[node.dataset.level].units - 1), Number(node.dataset.unit)] : undefined
    }
    const seen = event => {
      const frame = sight.getBoundingClientRect()
      const side = this.data.levels[0].units
      const level = this.at[0]
      const pixel = [event.clientY - frame.top, event.clientX - frame.left].map(at => clamp(Math.floor((at / frame.width) * side), 0, side - 1))
      return [level, ...pixel.map(at => this.unitAt(level, at))]
    }
    const point = found => {
      if (this.player.playing && found) return
      this.over = found && this.level(found)
      this.mark()
    }
    const choose = found => {
      this.player.stop()
      this.go(this.level(found))
    }
    this.pointers = [follow(stage, pointed, point, choose), follow(sight, seen, point, choose)]
    const move = (down, right) => () => this.go([this.at[0], this.at[1] + down, this.at[2] + right])
    const sideways = { ArrowLeft: move(0, -1), ArrowRight: move(0, 1) }
    this.keys(stage, { ...sideways, ArrowUp: () => this.slide(this.at[0] + 1), ArrowDown: () => this.slide(this.at[0] - 1) })
    this.keys(sight, { ...sideways, ArrowUp: move(-1, 0), ArrowDown: move(1, 0) })
  }

  // A unit of another level stands in the row that lies over the same place of the picture.
  level([level, row, column]) {
    if (level === this.at[0]) return [level, row, column]
    const from = this.data.levels[this.at[0]]
    return [level, this.unitAt(level, from.middle + this.at[1] * from.jump), column]
  }
}

export default mount(Fields, ".fields")

function drawStack(levels, room) {
  const side = levels[0].units
  // Middles of cells can lie outside the picture where there is much padding.
  const low = Math.min(...levels.map(({ middle }) => middle - 0.5), -0.5)
  const high = Math.max(...levels.map(({ middle, jump, units }) => middle + (units - 1) * jump + 0.5), side - 0.5)
  const scale = (room - 4) / (high - low)
  const pitch = TITLE + CELL + clamp(Math.floor(290 / levels.length) - TITLE - CELL, GAP, 44)
  const parts = [], fans = []
  levels.forEach((level, number) => {
    const top = (levels.length - 1 - number) * pitch + TITLE
    const gap = scale < 6 ? 0.5 : 1
    const wide = Math.max(Math.min(level.jump, 3.2) * scale, 3) - 2 * gap
    const cells = Array.from({ length: level.units }, (_, unit) => {
      const middle = 2 + (level.middle + unit * level.jump - low) * scale
      const half = (level.jump * scale) / 2
      return `<rect class="band" data-level="${number}" data-unit="${unit}" x="${middle - half}" y="${top - 3}" width="${2 * half}" height="${CELL + 6}"/>
        <rect class="cell" data-level="${number}" data-unit="${unit}" x="${middle - wide / 2}" y="${top}" width="${wide}" height="${CELL}" rx="${level.family === "conv" || level.family === "picture" ? 1.5 : 7}"/>`
    })
    if (number) fans.push(`<polygon class="fan" data-top="${top + CELL}" data-bottom="${top + pitch}"/>`)
    parts.push(`<g class="level ${level.family}" data-level="${number}">${cells.join("")}
      <text class="title" x="2" y="${top - 4}">${escape(level.title)}</text>
      <text class="facts" x="${room - 2}" y="${top - 4}">${escape(room < 520 ? level.short : level.facts)}</text></g>`)
  })
  const height = levels.length * pitch
  return `<svg width="${room}" height="${height}" viewBox="0 0 ${room} ${height}" aria-hidden="true">${fans.join("")}${parts.join("")}</svg>`
}

const SKELETON = `
<div class="main"><div class="stage" tabindex="0" role="group"></div>
  <div class="player" data-unsaved>${stepButton("back", "down")}${PLAY}${stepButton("step", "up")}<input type="range" min="0" data-name="scrub">${saveButton("svg")}<span class="hint"></span></div></div>
<div class="side"><div class="sight" tabindex="0" role="group"><img alt=""><svg aria-hidden="true" preserveAspectRatio="none">
  <path class="shade"/><rect class="box"/><rect class="box"/></svg></div>
  <div class="formula"></div><div class="note" aria-live="polite"></div></div>`
