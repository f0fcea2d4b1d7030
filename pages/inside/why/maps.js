// Heat maps over the picture that they explain, one row for each network. Pointing at one reads all
// of them at the same pixel. The slider goes from the picture alone to the maps alone; in between,
// a map covers the picture the more, the more it says.

import { follow, mount, placeOn, saveButton } from "../../../explorer/ui/boards/board.js"
import { CanvasBoard, frame, numbers, penFor, pixels, spell } from "../../../explorer/ui/boards/canvas_board.js"
import { Ramp } from "../../../explorer/ui/boards/colours.js"
import { clamp, escape, fill, make, nameAll } from "../../../explorer/ui/boards/shared.js"

const BOLD = 0.3, SHY = 6 // powers of the slider's share, where a map says most and where nothing

class Maps extends CanvasBoard {
  constructor(root) {
    super(root, SKELETON)
    this.slider = this.find("input")
    this.resized(() => this.arrange())
    this.slider.addEventListener("input", () => this.arrange())
    this.slider.addEventListener("change", () => this.tell("opacity", Number(this.slider.value), 120))
  }

  update(before) {
    if (!before) this.slider.value = this.data.opacity
    nameAll(this.root, this.data.labels)
    this.cards()
    this.load(this.data.picture)
  }

  // -- what stands there ----------------------------------------------------------------------------

  cards() {
    const { rows } = this.data
    this.shown = []
    this.find(".rows").replaceChildren(
      ...rows.map(row => {
        const element = make("section", "row")
        make("h3", "", element, row.title)
        const line = make("div", "line", element)
        this.shown.push(...row.maps.map(map => this.card(map, row.check, line)))
        return element
      }),
    )
  }

  card(map, check, parent) {
    const { labels } = this.data
    const element = make("figure", "card", parent)
    element.innerHTML = `<figcaption>${sample(map)}<b>${escape(map.title)}</b></figcaption>`
    element.title = map.about
    const card = { map, element }
    if (!map.values) {
      make("div", "none", element, map.error || labels.waiting)
      make("div", "note", element, "")
      return card
    }
    card.values = numbers(map.values)
    card.ramp = new Ramp(this.root, map.low, map.high, map.signed)
    card.canvas = make("canvas", "", element)
    card.canvas.role = "img"
    card.canvas.ariaLabel = `${map.title}. ${map.about}`
    const legend = make("div", "legend", element)
    const ends = map.cut ? [map.signed ? "≤ " : "", "≥ "] : ["", ""] // beyond them, the same colour
    make("span", "low", legend, ends[0] + spell(map.low, 2))
    make("i", "bar", legend).style.background = card.ramp.bar()
    make("span", "high", legend, ends[1] + spell(map.high, 2))
    const below = make("div", "note", element)
    below.title = check
    card.words = make("span", "words", below, map.note)
    make("span", "made", below, map.made)
    follow(card.canvas, event => this.under(card, event), over => this.point(over))
    return card
  }

  // -- drawing --------------------------------------------------------------------------------------

  arrange() {
    if (!this.data || !this.sprite || this.root.clientWidth < 60) return
    for (const card of this.shown) {
      if (card.canvas) card.sheet = coloured(card, Number(this.slider.value) / 100)
      this.draw(card)
    }
    this.root.dataset.whyPainted = this.data.of
  }

  draw({ canvas, element, map, sheet }) {
    const [high, wide] = this.data.size
    const room = element.clientWidth
    const side = room / Math.max(high, wide)
    if (!canvas) return void (element.querySelector(".none").style.height = `${high * side}px`)
    const pen = penFor(canvas, wide * side, high * side)
    pen.drawImage(this.sprite, 0, 0, wide * side, high * side)
    const block = map.block * side // the last can reach beyond the picture
    pen.drawImage(sheet, 0, 0, sheet.width * block, sheet.height * block)
    if (!this.over) return
    const [row, column] = this.over
    const least = Math.max(side, 5)
    frame(pen, column * side - (least - side) / 2, row * side - (least - side) / 2, least, least, { color: "#111111", thick: 1.5 })
  }

  // -- reading --------------------------------------------------------------------------------------

  under({ canvas }, event) {
    const [high, wide] = this.data.size
    const [x, y] = placeOn(canvas, event)
    return [clamp(Math.floor((y / canvas.offsetHeight) * high), 0, high - 1), clamp(Math.floor((x / canvas.offsetWidth) * wide), 0, wide - 1)]
  }

  point(over) {
    this.over = over
    for (const card of this.shown) {
      if (!card.canvas) continue
      this.draw(card)
      card.words.textContent = over ? this.value(card) : card.map.note
    }
  }

  value({ map, values }) {
    const [row, column] = this.over
    const value = values[Math.floor(row / map.block) * map.size[1] + Math.floor(column / map.block)]
    return fill(this.data.labels.value, { row: row + 1, column: column + 1, value: spell(value, 3) })
  }

  picture() {
    return { element: this.find(".rows"), file: this.data.file }
  }
}

// A heat map as one small picture, a pixel for each of its numbers.
function coloured({ map, values, ramp }, share) {
  const most = map.high || 1
  const power = value => SHY + (BOLD - SHY) * Math.min(Math.abs(value) / most, 1)
  return pixels(values, map.size[1], map.size[0], value => [...ramp.rgb(value), Math.round(255 * share ** power(value))])
}

// The line that this map has in the chart of curves.
function sample({ line }) {
  if (!line) return ""
  const [color, dash] = line
  return `<svg viewBox="0 0 26 10" width="26" height="10" aria-hidden="true"><path d="M1 5H25" stroke="${color}" stroke-width="3" stroke-dasharray="${dash}"/></svg>`
}

export default mount(Maps, ".why-maps")

const SKELETON = `
<div class="tools"><label><span data-word="picture"></span><input type="range" min="0" max="100" step="5" data-name="opacity"><span data-word="maps"></span></label>${saveButton("png")}${saveButton("svg")}</div>
<div class="rows"></div>`
