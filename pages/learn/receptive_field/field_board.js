// A stack of layers as strips over a picture. Which cells a unit reads comes from Python, for each
// unit the cells of the level below; this file follows those lists down and lights up what it finds.

import * as shared from "../../../explorer/ui/boards/shared.js"
const { clamp, escape, icon, spans } = shared

const PAUSE = 400 // ms after the last choice before Python hears of it
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

class Board {
  constructor(root) {
    this.root = root
    root.innerHTML = SKELETON
    this.find = selector => root.querySelector(selector)
    this.watch = new ResizeObserver(() => this.data && this.width !== root.clientWidth && this.paint())
    this.watch.observe(root)
    this.listen()
  }

  leave() {
    this.stop()
    clearTimeout(this.timer)
    this.watch.disconnect()
  }

  picture() {
    const [level, , unit] = this.at
    return { element: this.root, file: `field-layer-${level}-unit-${unit + 1}` }
  }

  receive(component) {
    this.component = component
    const { at, ...data } = component.data
    const text = JSON.stringify(data)
    if (text === this.text) return
    const fresh = this.data?.key !== data.key
    this.text = text
    this.data = data
    if (fresh) {
      this.stop()
      clearTimeout(this.timer)
      this.at = this.inside(at)
    }
    this.over = null
    this.words()
    this.paint()
  }

  inside([level, row, column]) {
    const number = clamp(level, 0, this.data.levels.length - 1)
    const last = this.data.levels[number].units - 1
    return [number, clamp(row, 0, last), clamp(column, 0, last)]
  }

  words() {
    const { words, levels, picture } = this.data
    this.find(".hint").textContent = words.hint
    this.find(".stage").ariaLabel = words.hint
    this.find(".sight").ariaLabel = words.picture
    this.find("img").src = picture
    shared.nameAll(this.root, words)
    const scrub = this.find("input")
    scrub.min = 0
    scrub.max = levels.length - 1
    this.playing(false)
  }

  playing(on) {
    shared.playButton(this.find('[data-act="play"]'), on, this.data.words)
  }

  paint() {
    this.width = this.root.clientWidth
    if (!this.width) return
    this.root.classList.toggle("narrow", this.width < NARROW)
    this.find(".stage").innerHTML = drawStack(this.data.levels, this.find(".stage").clientWidth)
    const side = this.data.levels[0].units
    this.find(".sight svg").setAttribute("viewBox", `0 0 ${side} ${side}`)
    this.fans = [...this.root.querySelectorAll(".fan")]
    this.cells = this.data.levels.map((_, level) => [...this.root.querySelectorAll(`.cell[data-level="${level}"]`)])
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
    for (const node of this.root.querySelectorAll(".level")) node.classList.toggle("current", Number(node.dataset.level) === level)
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
    for (const box of this.root.querySelectorAll(".box")) {
      box.style.display = rows.length && columns.length ? "" : "none"
      if (!rows.length || !columns.length) continue
      box.setAttribute("x", columns[0])
      box.setAttribute("y", rows[0])
      box.setAttribute("width", columns.at(-1) - columns[0] + 1)
      box.setAttribute("height", rows.at(-1) - rows[0] + 1)
    }
  }

  go(place) {
    this.over = null
    this.at = this.inside(place)
    this.mark()
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.component.setStateValue("at", { key: this.data.key, at: this.at }), PAUSE)
  }

  // The unit of `level` whose field's middle is nearest to a pixel.
  unitAt(level, pixel) {
    const { middle, jump, units } = this.data.levels[level]
    return clamp(Math.round((pixel - middle) / jump), 0, units - 1)
  }

  // The same place in the picture, on another level.
  climb(level) {
    const { levels } = this.data
    const number = clamp(level, 0, levels.length - 1)
    const [from, ...places] = this.at
    this.go([number, ...places.map(unit => this.unitAt(number, levels[from].middle + unit * levels[from].jump))])
  }

  play() {
    if (this.beat) return this.stop()
    const last = this.data.levels.length - 1
    if (this.at[0] >= last) {
      // from the bottom, under the middle of the last layer
      const { middle, jump, units } = this.data.levels[last]
      const pixel = Math.round(middle + Math.floor((units - 1) / 2) * jump)
      this.go([0, pixel, pixel])
    }
    this.beat = setInterval(() => {
      if (this.at[0] >= last) return this.stop()
      this.climb(this.at[0] + 1)
    }, BEAT)
    this.playing(true)
  }

  stop() {
    if (!this.beat) return
    clearInterval(this.beat)
    this.beat = null
    this.playing(false)
  }

  listen() {
    const stage = this.find(".stage"), sight = this.find(".sight")
    const pointed = event => {
      const node = event.target.closest("[data-level][data-unit]")
      return node ? [Number(node.dataset.level), Math.min(this.at[1], this.data.levels[node.dataset.level].units - 1), Number(node.dataset.unit)] : null
    }
    const seen = event => {
      const frame = sight.getBoundingClientRect()
      const side = this.data.levels[0].units
      const level = this.at[0]
      const pixel = [event.clientY - frame.top, event.clientX - frame.left].map(at => clamp(Math.floor((at / frame.width) * side), 0, side - 1))
      return [level, ...pixel.map(at => this.unitAt(level, at))]
    }
    const follow = (element, place) => {
      element.addEventListener("pointermove", event => {
        if (this.beat) return
        const found = place(event)
        if (String(found) === String(this.over)) return
        this.over = found && this.level(found)
        this.mark()
      })
      element.addEventListener("pointerleave", () => {
        this.over = null
        this.mark()
      })
      element.addEventListener("click", event => {
        const found = place(event)
        if (!found) return
        this.stop()
        this.go(this.level(found))
      })
    }
    follow(stage, pointed)
    follow(sight, seen)
    this.root.addEventListener("click", event => {
      const act = event.target.closest("[data-act]")?.dataset.act
      if (!act) return
      if (act === "play") return this.play()
      this.stop()
      this.climb(this.at[0] + (act === "step" ? 1 : -1))
    })
    this.find("input").addEventListener("input", event => {
      this.stop()
      this.climb(Number(event.target.value))
    })
    const keys = (element, moves) => element.addEventListener("keydown", event => {
      if (event.key === " ") this.play()
      else if (event.key in moves) {
        this.stop()
        moves[event.key]()
      } else return
      event.preventDefault()
    })
    const move = (down, right) => () => this.go([this.at[0], this.at[1] + down, this.at[2] + right])
    const sideways = { ArrowLeft: move(0, -1), ArrowRight: move(0, 1) }
    keys(stage, { ...sideways, ArrowUp: () => this.climb(this.at[0] + 1), ArrowDown: () => this.climb(this.at[0] - 1) })
    keys(sight, { ...sideways, ArrowUp: move(-1, 0), ArrowDown: move(1, 0) })
  }

  // A unit of another level stands in the row that lies over the same place of the picture.
  level([level, row, column]) {
    if (level === this.at[0]) return [level, row, column]
    const from = this.data.levels[this.at[0]]
    return [level, this.unitAt(level, from.middle + this.at[1] * from.jump), column]
  }
}

export default shared.mount(Board, ".fields")

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
  <div class="player" data-unsaved><button type="button" data-act="back" data-name="back">${icon("down")}</button><button type="button" data-act="play" class="main"></button>
    <button type="button" data-act="step" data-name="step">${icon("up")}</button><input type="range" data-name="scrub">${shared.saveButton("svg")}<span class="hint"></span></div></div>
<div class="side"><div class="sight" tabindex="0" role="group"><img alt=""><svg aria-hidden="true" preserveAspectRatio="none">
  <path class="shade"/><rect class="box"/><rect class="box"/></svg></div>
  <div class="formula"></div><div class="note" aria-live="polite"></div></div>`
