// Heat maps over the picture that they explain, one row for each network. Pointing at one reads all
// of them at the same pixel. The slider goes from the picture alone to the maps alone; in between,
// a map covers the picture the more, the more it says.

import * as shared from "../../../explorer/ui/boards/shared.js"
import * as paint from "../../../explorer/ui/boards/maps_paint.js"
const { clamp, escape, fill, make, mount, name } = shared

const BOLD = 0.3, SHY = 6 // powers of the slider's share, where a map says most and where nothing

class Maps {
  constructor(root) {
    this.root = root
    this.root.innerHTML = SKELETON
    this.slider = this.find("input")
    this.later = new paint.Later(share => this.component.setStateValue("opacity", share))
    this.watch = new ResizeObserver(() => this.arrange())
    this.watch.observe(this.root)
    this.slider.addEventListener("input", () => this.arrange())
    this.slider.addEventListener("change", () => this.later.soon(Number(this.slider.value)))
  }

  find(selector) {
    return this.root.querySelector(selector)
  }

  leave() {
    this.later.stop()
    this.watch.disconnect()
  }

  receive(component) {
    this.component = component
    const { data } = component
    const text = JSON.stringify(data)
    if (text === this.text) return
    this.text = text
    const before = this.data
    this.data = data
    if (!before) this.slider.value = data.opacity
    this.words()
    this.cards()
    if (before?.picture === data.picture && this.sprite) return this.arrange()
    paint.loaded(data.picture).then(sprite => {
      if (this.data.picture !== data.picture) return
      this.sprite = sprite
      this.arrange()
    })
  }

  words() {
    const { labels } = this.data
    this.find(".from").textContent = labels.picture
    this.find(".to").textContent = labels.maps
    name(this.slider, labels.opacity)
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
    card.values = paint.numbers(map.values)
    card.ramp = new paint.Ramp(this.root, map.low, map.high, map.signed)
    card.sheet = Object.assign(document.createElement("canvas"), { height: map.size[0], width: map.size[1] })
    card.canvas = make("canvas", "", element)
    card.canvas.role = "img"
    card.canvas.ariaLabel = `${map.title}. ${map.about}`
    const legend = make("div", "legend", element)
    const ends = map.cut ? [map.signed ? "≤ " : "", "≥ "] : ["", ""] // beyond them, the same colour
    make("span", "low", legend, ends[0] + paint.spell(map.low, 2))
    make("i", "bar", legend).style.background = card.ramp.bar()
    make("span", "high", legend, ends[1] + paint.spell(map.high, 2))
    const below = make("div", "note", element)
    below.title = check
    card.words = make("span", "words", below, map.note)
    make("span", "made", below, map.made)
    card.canvas.addEventListener("pointermove", event => this.point(this.under(card, event)))
    card.canvas.addEventListener("pointerleave", () => this.point(undefined))
    return card
  }

  // -- drawing --------------------------------------------------------------------------------------

  arrange() {
    if (!this.data || !this.sprite || this.root.clientWidth < 60) return
    for (const card of this.shown) {
      if (card.sheet) colour(card, Number(this.slider.value) / 100)
      this.draw(card)
    }
    this.root.dataset.whyPainted = this.data.of
  }

  draw({ canvas, element, map, sheet }) {
    const [high, wide] = this.data.size
    const room = element.clientWidth
    const side = room / Math.max(high, wide)
    if (!canvas) return void (element.querySelector(".none").style.height = `${high * side}px`)
    const pen = paint.penFor(canvas, wide * side, high * side)
    pen.drawImage(this.sprite, 0, 0, wide * side, high * side)
    const block = map.block * side // the last can reach beyond the picture
    pen.drawImage(sheet, 0, 0, sheet.width * block, sheet.height * block)
    if (!this.over) return
    const [row, column] = this.over
    const least = Math.max(side, 5)
    paint.frame(pen, column * side - (least - side) / 2, row * side - (least - side) / 2, least, least, { color: "#111111", thick: 1.5 })
  }


  // -- reading --------------------------------------------------------------------------------------

  under({ canvas }, event) {
    const [high, wide] = this.data.size
    const [x, y] = paint.placeOn(canvas, event)
    return [clamp(Math.floor((y / canvas.offsetHeight) * high), 0, high - 1), clamp(Math.floor((x / canvas.offsetWidth) * wide), 0, wide - 1)]
  }

  point(over) {
    if (String(over) === String(this.over)) return
    this.over = over
    for (const card of this.shown) {
      if (!card.canvas) continue
      this.draw(card)
      card.words.textContent = over ? this.value(card) : card.map.note
    }
  }

  value({ map, values, sheet }) {
    const [row, column] = this.over
    const value = values[Math.floor(row / map.block) * sheet.width + Math.floor(column / map.block)]
    return fill(this.data.labels.value, { row: row + 1, column: column + 1, value: paint.spell(value, 3) })
  }

  picture() {
    return { element: this.find(".rows"), file: this.data.file }
  }
}

// A heat map as one small picture, a pixel for each of its numbers.
function colour({ map, values, ramp, sheet }, share) {
  const pen = sheet.getContext("2d")
  const bytes = pen.createImageData(sheet.width, sheet.height)
  const most = map.high || 1
  values.forEach((value, n) => {
    const power = SHY + (BOLD - SHY) * Math.min(Math.abs(value) / most, 1)
    bytes.data.set([...ramp.rgb(value), Math.round(255 * share ** power)], 4 * n)
  })
  pen.putImageData(bytes, 0, 0)
}

// The line that this map has in the chart of curves.
function sample({ line }) {
  if (!line) return ""
  const [color, dash] = line
  return `<svg viewBox="0 0 26 10" width="26" height="10" aria-hidden="true"><path d="M1 5H25" stroke="${color}" stroke-width="3" stroke-dasharray="${dash}"/></svg>`
}

export default mount(Maps, ".why-maps")

const SKELETON = `
<div class="tools"><label><span class="from"></span><input type="range" min="0" max="100" step="5"><span class="to"></span></label>${shared.saveButton("png")}${shared.saveButton("svg")}</div>
<div class="rows"></div>`
