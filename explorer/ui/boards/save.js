// A picture to take along: what stands on the screen, as an SVG that needs nothing else, or as a
// PNG of that. Boxes, words, drawings and pictures are put down where the browser has put them.

import { SVG, add, set } from "./shared.js"

const MARGIN = 12
const SHARP = 2 // pixels of a PNG for one of the screen

// `picture`: { element, file }, or { canvas, file } where it is drawn already. `[data-unsaved]`
// marks what is for the screen alone.
export async function save({ element, canvas, file }, format) {
  const drawn = canvas ?? drawing(element)
  if (format === "svg") return download(blobOf(drawn), `${file}.svg`)
  const pixels = canvas ?? (await raster(drawn, await fontOf(element)))
  download(await new Promise(done => pixels.toBlob(done, "image/png")), `${file}.png`)
}

export function download(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name })
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 1000)
}

export const blobOf = svg => new Blob([new XMLSerializer().serializeToString(svg)], { type: "image/svg+xml" })

// `font` is the page's own: a drawing shown as a picture reaches no file beside itself.
async function raster(svg, font) {
  svg.prepend(Object.assign(document.createElementNS(SVG, "style"), { textContent: font }))
  const [wide, high] = ["width", "height"].map(side => Number(svg.getAttribute(side)))
  const address = URL.createObjectURL(blobOf(svg))
  const picture = new Image()
  picture.src = address
  await picture.decode()
  URL.revokeObjectURL(address)
  const canvas = Object.assign(document.createElement("canvas"), { width: SHARP * wide, height: SHARP * high })
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height)
  return canvas
}

// The page's font as a rule that holds it; "" where it is the system's.
async function fontOf(element) {
  const family = getComputedStyle(element).fontFamily.split(",")[0].replaceAll('"', "")
  const ours = [...document.styleSheets].filter(({ href }) => !href || new URL(href).origin === location.origin)
  const rule = ours.flatMap(sheet => [...sheet.cssRules]).find(({ style, type }) =>
    type === CSSRule.FONT_FACE_RULE && style.getPropertyValue("font-family").replaceAll('"', "") === family && style.fontStyle !== "italic")
  if (!rule) return ""
  const [, path] = /url\("([^"]+)"\)/.exec(rule.style.getPropertyValue("src"))
  const file = await fetch(new URL(path, rule.parentStyleSheet.href ?? location.href))
  const bytes = new Uint8Array(await file.arrayBuffer())
  const code = btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(""))
  return `@font-face { font-family: "${family}"; font-weight: 100 900; src: url(data:font/woff2;base64,${code}) }`
}

// -- the page as a drawing --------------------------------------------------------------------------

function drawing(element) {
  const pen = new Pen(element)
  pen.draw(element)
  return pen.finish()
}

class Pen {
  constructor(element) {
    this.svg = document.createElementNS(SVG, "svg")
    this.defs = add(this.svg, "defs")
    this.origin = element.getBoundingClientRect()
    const paper = getComputedStyle(element).getPropertyValue("--st-background-color").trim() || "#ffffff"
    this.paper = add(this.svg, "rect", { fill: paper })
    this.ends = [0, 0]
  }

  // Where a box on the screen lies in the drawing.
  place({ left, top, width, height }) {
    return { x: left - this.origin.left + MARGIN, y: top - this.origin.top + MARGIN, width, height }
  }

  // Put something down that fills the box; the drawing is as large as all that is put there.
  put(box, tag, attributes, text = "") {
    const { x, y, width, height } = this.place(box)
    this.ends = [Math.max(this.ends[0], x + width), Math.max(this.ends[1], y + height)]
    return add(this.svg, tag, attributes, text)
  }

  finish() {
    const [width, height] = this.ends.map(end => Math.ceil(end + MARGIN))
    set(this.svg, { xmlns: SVG, width, height, viewBox: `0 0 ${width} ${height}` })
    set(this.paper, { width, height })
    return this.svg
  }

  draw(element) {
    const style = getComputedStyle(element)
    if (element.matches("[data-unsaved], .save") || style.display === "none" || style.visibility === "hidden") return
    const box = element.getBoundingClientRect()
    if (element instanceof SVGSVGElement) return this.nested(element, box)
    if (element instanceof HTMLImageElement) return this.image(element.src, box, style)
    if (element instanceof HTMLCanvasElement) this.image(element.toDataURL(), box, style)
    if (style.display !== "contents" && box.width && box.height) this.box(style, box)
    for (const child of element.childNodes) {
      if (child instanceof Text) this.words(child, style)
      else if (child instanceof Element) this.draw(child)
    }
  }

  nested(svg, box) {
    const copy = resolved(svg)
    set(copy, { ...this.place(box), overflow: "visible" })
    this.put(box, "g", {}).append(copy)
  }

  image(href, box, style) {
    this.put(box, "image", { href, ...this.place(box), preserveAspectRatio: "none", "image-rendering": style.imageRendering })
  }

  // Ground, borders, outlines and the frames that are made of shadows.
  box(style, box) {
    const paint = (inset, attributes) => {
      const { x, y, width, height } = this.place(box)
      const [wide, high] = [width - 2 * inset, height - 2 * inset]
      if (wide <= 0 || high <= 0) return
      const rx = Math.max(0, Math.min((parseFloat(style.borderTopLeftRadius) || 0) - Math.max(0, inset), wide / 2))
      this.put(box, "rect", { x: x + inset, y: y + inset, width: wide, height: high, rx, fill: "none", ...attributes })
    }
    if (visible(style.backgroundColor)) paint(0, { fill: plain(style.backgroundColor) })
    if (style.backgroundImage !== "none") paint(0, { fill: this.pattern(style.backgroundImage) })
    for (const [color, width, inset] of frames(style))
      paint(inset ? width / 2 : -width / 2, { stroke: plain(color), "stroke-width": width })
    this.borders(style, box)
    const [outline, away] = [parseFloat(style.outlineWidth), parseFloat(style.outlineOffset)]
    if (style.outlineStyle !== "none" && outline)
      paint(-away - outline / 2, { stroke: plain(style.outlineColor), "stroke-width": outline, ...dash(style.outlineStyle, outline) })
  }

  borders(style, box) {
    const { x, y, width, height } = this.place(box)
    const ends = { Top: [0, 0, 1, 0], Right: [1, 0, 1, 1], Bottom: [0, 1, 1, 1], Left: [0, 0, 0, 1] }
    for (const [side, [x1, y1, x2, y2]] of Object.entries(ends)) {
      const wide = parseFloat(style[`border${side}Width`])
      const color = style[`border${side}Color`]
      if (!wide || !visible(color)) continue
      const double = style[`border${side}Style`] === "double"
      const [thick, middles] = double ? [wide / 3, [wide / 6, (5 * wide) / 6]] : [wide, [wide / 2]]
      for (const middle of middles) {
        const inner = (at, size) => (at ? size - middle : middle)
        const way = x1 === x2
          ? { x1: x + inner(x1, width), x2: x + inner(x1, width), y1: y, y2: y + height }
          : { x1: x, x2: x + width, y1: y + inner(y1, height), y2: y + inner(y1, height) }
        this.put(box, "line", { ...way, stroke: plain(color), "stroke-width": thick, ...dash(style[`border${side}Style`], wide) })
      }
    }
  }

  // A colour bar, or hatching.
  pattern(image) {
    const id = `paint-${this.defs.childElementCount}`
    const colors = image.match(/(?:rgba?|color)\([^)]*\)/g) ?? []
    if (image.startsWith("repeating-")) {
      const pattern = add(this.defs, "pattern", { id, width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" })
      add(pattern, "rect", { x: 4, width: 2, height: 6, fill: plain(colors.at(-1)) })
    } else {
      const gradient = add(this.defs, "linearGradient", { id })
      colors.forEach((color, n) => add(gradient, "stop", { offset: n / (colors.length - 1), "stop-color": plain(color) }))
    }
    return `url(#${id})`
  }

  // A text as wide as on the screen, whatever font draws it later.
  words(node, style) {
    for (const { text, box } of lines(node)) {
      const { x, y, width, height } = this.place(box)
      const [above, below] = reach(style)
      this.put(box, "text", {
        x, y: y + (above / (above + below)) * height, textLength: width, lengthAdjust: "spacingAndGlyphs", fill: plain(style.color),
        "font-family": style.fontFamily, "font-size": style.fontSize, "font-weight": style.fontWeight, "font-style": style.fontStyle,
      }, text)
    }
  }
}

// Inset or outer shadows without blur, the topmost last: [color, width, inset].
function frames({ boxShadow }) {
  if (boxShadow === "none") return []
  return boxShadow.split(/,(?![^(]*\))/).map(shadow => {
    const [, , blur, width] = shadow.match(/-?[\d.]+px/g).map(parseFloat)
    return [shadow.match(/(?:rgba?|color)\([^)]*\)/)[0], blur ? 0 : width, shadow.includes("inset")]
  }).filter(([color, width]) => width && visible(color)).reverse()
}

const dash = (style, width) => ({
  "stroke-dasharray": { dashed: `${Math.max(3, 2 * width)} ${Math.max(2, width)}`, dotted: `${width} ${width}` }[style] ?? "none",
})

// The lines that a text is broken into, each with its box.
function lines(node) {
  const range = document.createRange()
  const found = []
  for (const { index, 0: word } of node.data.matchAll(/\S+/g)) {
    range.setStart(node, index)
    range.setEnd(node, index + word.length)
    const box = range.getBoundingClientRect()
    const last = found.at(-1)
    if (last && Math.abs(last.box.top - box.top) < 2) {
      last.box = new DOMRect(last.box.left, last.box.top, box.right - last.box.left, last.box.height)
      last.text = node.data.slice(last.index, index + word.length)
    } else if (box.width) found.push({ text: word, index, box })
  }
  return found
}

const ruler = document.createElement("canvas").getContext("2d", { willReadFrequently: true })

// How far a font reaches above and below its baseline.
function reach({ fontStyle, fontWeight, fontSize, fontFamily }) {
  ruler.font = `${fontStyle} ${fontWeight} ${fontSize} ${fontFamily}`
  const { fontBoundingBoxAscent, fontBoundingBoxDescent } = ruler.measureText("x")
  return [fontBoundingBoxAscent, fontBoundingBoxDescent]
}

// -- colours that every program can read --------------------------------------------------------------

const known = new Map()

// "color(srgb 0.2 0.4 0.6)", as color-mix() gives it, → "rgb(51,102,153)".
export function plain(color) {
  if (/^(none|url|#|rgb\()/.test(color)) return color
  if (!known.has(color)) {
    ruler.clearRect(0, 0, 1, 1)
    ruler.fillStyle = color
    ruler.fillRect(0, 0, 1, 1)
    const [r, g, b, a] = ruler.getImageData(0, 0, 1, 1).data
    known.set(color, a === 255 ? `rgb(${r},${g},${b})` : `rgba(${r},${g},${b},${(a / 255).toFixed(3)})`)
  }
  return known.get(color)
}

const visible = color => !/^(transparent|rgba\([^)]*, 0\))$/.test(color)

// -- a drawing that stands alone ------------------------------------------------------------------------

const STYLES = [
  "fill", "fill-opacity", "fill-rule", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "stroke-linejoin", "stroke-linecap",
  "opacity", "font-family", "font-size", "font-weight", "text-anchor", "dominant-baseline", "paint-order", "vector-effect",
]

// A copy of an SVG with every style resolved to what the reader sees.
export function resolved(svg) {
  const copy = svg.cloneNode(true)
  const originals = [svg, ...svg.querySelectorAll("*")]
  const copies = [copy, ...copy.querySelectorAll("*")]
  const gone = []
  originals.forEach((original, i) => {
    const seen = getComputedStyle(original)
    const node = copies[i]
    if (seen.display === "none" && !original.closest("defs")) gone.push(node)
    if (original.matches("title, defs, stop, clipPath, g:not([class])")) return
    for (const style of STYLES) {
      const value = seen.getPropertyValue(style)
      if (value) node.setAttribute(style, /^(fill|stroke)$/.test(style) ? plain(value) : value)
    }
    if (original.matches("text") && original.getComputedTextLength())
      set(node, { textLength: original.getComputedTextLength(), lengthAdjust: "spacingAndGlyphs" })
    if (original.style.transform) node.setAttribute("transform", seen.transform)
    if (seen.visibility === "hidden") node.setAttribute("visibility", "hidden")
    for (const name of ["style", "class", "tabindex"]) node.removeAttribute(name)
  })
  for (const node of gone) node.remove()
  return copy
}
