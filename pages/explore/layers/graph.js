// The picture: a layout → SVG. Volumes to scale, wires with arrowheads, frames around open blocks.

import { add, escape, set } from "../../../explorer/ui/boards/shared.js"

const MARGIN = 14
const clip = (text, room) => (text.length > room ? `${text.slice(0, room - 1)}…` : text)
const shortShape = row => row.output.replaceAll(/\s*×\s*/g, "×")
const n = value => Math.round(value * 10) / 10

export function drawGraph(layout, labels, title) {
  const frames = []
  const wires = []
  const pieces = []
  const level = (one, ox, oy) => {
    for (const node of one.nodes) {
      const x = ox + node.x
      const y = oy + node.y
      if (node.frame) {
        frames.push(frameOf(node, x, y, labels))
        level(node.inner, x + node.offset, y + node.port)
        wires.push(...stubs(node, x, y + node.port))
      } else if (node.rows) pieces.push(node.kind === "round" ? roundOf(node, x, y) : slabOf(node, x, y, labels))
    }
    for (const route of one.routes) wires.push(wireOf(route, one.nodes[route.b], ox, oy))
  }
  level(layout, MARGIN, MARGIN + layout.axis)
  const width = Math.ceil(layout.w + 2 * MARGIN)
  const height = Math.ceil(layout.h + 2 * MARGIN)
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(title)}">` +
    `<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">` +
    `<path class="hatch" d="M0 0V6"/></pattern></defs>` +
    `<g>${frames.join("")}</g><g class="wires">${wires.join("")}</g><g>${pieces.join("")}</g></svg>`
  return { svg, width, height }
}

const hint = row =>
  `<title>${escape([row.name, row.type, row.settings, row.output, row.note].filter(Boolean).join("\n"))}</title>`

const state = row => (row.status === "ok" ? "" : ` ${row.status}`)

function frameOf(node, x, y, labels) {
  const row = node.frame
  return (
    `<g class="frame" data-id="${row.id}"><rect class="box" x="${n(x)}" y="${n(y)}" width="${n(node.w)}" height="${n(node.h)}" rx="10"/>` +
    `<g class="toggle" data-fold="${row.id}"><title>${escape(labels.fold)}</title>` +
    `<rect class="touch" x="${n(x)}" y="${n(y)}" width="26" height="26"/>` +
    `<path d="M${n(x + 8)} ${n(y + 10)}h10l-5 6z"/></g>` +
    `<text class="name" x="${n(x + 23)}" y="${n(y + 17)}" style="transform-origin:${n(x + 23)}px ${n(y + 14)}px">${escape(clip(row.name, 24))}</text></g>`
  )
}

// From a frame's edge to its inner ports.
function stubs(node, x, y) {
  const { nodes } = node.inner
  const first = nodes[0]
  const last = nodes.at(-1)
  const lines = []
  if (first && !first.rows && !first.frame) lines.push([x, x + node.offset + first.x])
  if (last && last !== first && !last.rows && !last.frame) lines.push([x + node.offset + last.x, x + node.w])
  return lines.map(([a, b]) => `<path class="wire" d="M${n(a)} ${n(y)}H${n(b)}"/>`)
}

function wireOf(route, target, ox, oy) {
  const points = route.points.map(({ x, y }) => ({ x: x + ox, y: y + oy }))
  const end = points.at(-1)
  const head = Boolean(target.rows)
  const at = route.down ? { x: end.x, y: end.y - (head ? 5 : 0) } : { x: end.x - (head ? 5 : 0), y: end.y }
  const line = route.curve ? curve([...points.slice(0, -1), at]) : rounded([...points.slice(0, -1), at])
  const tip = route.down ? "l-3.6 -7h7.2z" : "l-7 -3.6v7.2z"
  return (
    `<g data-from="${route.from}" data-to="${route.to}"><path class="wire${route.skip ? " skip" : ""}" d="${line}"/>` +
    (head ? `<path class="head" d="M${n(end.x)} ${n(end.y)}${tip}"/>` : "") +
    "</g>"
  )
}

function curve(points) {
  let d = `M${n(points[0].x)} ${n(points[0].y)}`
  for (let i = 1; i < points.length; i++) {
    const [a, b] = [points[i - 1], points[i]]
    const middle = (a.x + b.x) / 2
    d += Math.abs(a.y - b.y) < 0.5 ? `L${n(b.x)} ${n(b.y)}` : `C${n(middle)} ${n(a.y)} ${n(middle)} ${n(b.y)} ${n(b.x)} ${n(b.y)}`
  }
  return d
}

function rounded(points) {
  let d = `M${n(points[0].x)} ${n(points[0].y)}`
  for (let i = 1; i < points.length - 1; i++) {
    const [a, b, c] = [points[i - 1], points[i], points[i + 1]]
    const before = Math.hypot(b.x - a.x, b.y - a.y)
    const after = Math.hypot(c.x - b.x, c.y - b.y)
    const r = Math.min(7, before / 2, after / 2)
    const [s, t] = [r / (before || 1), r / (after || 1)]
    d += `L${n(b.x - (b.x - a.x) * s)} ${n(b.y - (b.y - a.y) * s)}`
    d += `Q${n(b.x)} ${n(b.y)} ${n(b.x + (c.x - b.x) * t)} ${n(b.y + (c.y - b.y) * t)}`
  }
  return `${d}L${n(points.at(-1).x)} ${n(points.at(-1).y)}`
}

function roundOf(node, x, y) {
  const [row] = node.rows
  const cx = x + node.w / 2
  const cy = y + node.port
  const size = row.symbol.length > 1 ? "word" : "sign"
  return (
    `<g class="node f-${row.family}${state(row)}" data-id="${row.id}">${hint(row)}` +
    `<circle class="round" cx="${n(cx)}" cy="${n(cy)}" r="12.5"/>` +
    `<text class="${size}" x="${n(cx)}" y="${n(cy + (size === "sign" ? 5.5 : 4))}">${escape(clip(row.symbol, 4))}</text></g>`
  )
}

// One piece: slices side by side (a convolution, its normalisation, its activation), one label.
function slabOf(node, x, y, labels) {
  const { h, dx, dy } = node.body
  const top = y + dy
  let at = x + node.left
  const parts = node.rows.map((row, i) => {
    const { w } = node.sizes[i]
    const last = i === node.rows.length - 1
    const shape = (shift, back) =>
      `<path class="face" d="M${n(at + shift)} ${n(top)}h${n(w)}v${n(h)}h${n(-w)}z"/>` +
      (back || row.family !== "pooling" ? "" : `<path class="pooled" d="M${n(at)} ${n(top)}h${n(w)}v${n(h)}h${n(-w)}z"/>`) +
      `<path class="face lid" d="M${n(at + shift)} ${n(top)}l${n(dx)} ${n(-dy)}h${n(w)}l${n(-dx)} ${n(dy)}z"/>` +
      (last ? `<path class="face side" d="M${n(at + shift + w)} ${n(top)}l${n(dx)} ${n(-dy)}v${n(h)}l${n(-dx)} ${n(dy)}z"/>` : "")
    const stack = node.stack ? shape(node.stack, true) + shape(node.stack / 2, true) : ""
    const outline = last
      ? `M${n(at)} ${n(top)}l${n(dx)} ${n(-dy)}h${n(w)}v${n(h)}l${n(-dx)} ${n(dy)}h${n(-w)}z`
      : `M${n(at)} ${n(top)}l${n(dx)} ${n(-dy)}h${n(w)}l${n(-dx)} ${n(dy)}v${n(h)}h${n(-w)}z`
    const toggle = row.group ? toggleOf(row, at + w / 2, top + h / 2, labels) : ""
    const alarm = row.status === "failed" ? alarmOf(at + w / 2, top + h / 2) : ""
    const drawn =
      `<g class="node f-${row.family}${state(row)}" data-id="${row.id}"${row.group ? ` data-open="${row.id}"` : ""}>` +
      `${hint(row)}${stack}${shape(0, false)}<path class="outline" d="${outline}"/>${alarm}${toggle}</g>`
    at += w
    return drawn
  })
  const [row] = node.rows
  const centre = n(x + node.w / 2)
  const under = top + h
  const room = Math.floor((node.w + 14) / 6.6)
  return (
    parts.join("") +
    `<g class="label${state(row)}" data-id="${row.id}" style="transform-origin:${centre}px ${n(under)}px">${hint(row)}` +
    `<text class="name" x="${centre}" y="${n(under + 14)}">${escape(clip(row.name, room))}</text>` +
    `<text class="shape" x="${centre}" y="${n(under + 27)}">${escape(shortShape(row))}</text></g>`
  )
}

function toggleOf(row, x, y, labels) {
  return (
    `<g class="toggle" data-fold="${row.id}"><title>${escape(`${labels.unfold}: ${row.name}`)}</title>` +
    `<rect class="touch" x="${n(x - 13)}" y="${n(y - 13)}" width="26" height="26"/>` +
    `<circle cx="${n(x)}" cy="${n(y)}" r="8"/><path d="M${n(x - 2.5)} ${n(y - 4.5)}v9l6 -4.5z"/></g>`
  )
}

const alarmOf = (x, y) =>
  `<g class="alarm"><path d="M${n(x)} ${n(y - 11)}l10 17h-20z"/><text x="${n(x)}" y="${n(y + 4)}">!</text></g>`

// -- to take along --------------------------------------------------------------------------------

const CHIP = 26 // height of the legend under a saved picture

// The chips above the picture as a row below it; how far it reaches.
function addLegend(copy, legend, ink, font, y) {
  const pen = document.createElement("canvas").getContext("2d")
  pen.font = `12px ${font}`
  let x = MARGIN
  for (const chip of legend.children) {
    const fill = getComputedStyle(chip.querySelector(".dot")).backgroundColor
    add(copy, "rect", { x, y: y + 6, width: 11, height: 11, rx: 3, fill, stroke: ink, "stroke-opacity": 0.45 })
    add(copy, "text", { x: x + 16, y: y + 16, fill: ink, "font-size": 12, "font-family": font }, chip.textContent)
    x += 34 + pen.measureText(chip.textContent).width
  }
  return x
}

// The picture as an SVG of its own, without what is chosen just now. `resolved` copies an SVG with
// its styles, `style` is the board's own, for the page's colours and font.
export function exportSvg(svg, resolved, legend, style) {
  const chosen = [...svg.querySelectorAll(".chosen, .lit")].map(node => [node, [...node.classList]])
  for (const [node] of chosen) node.classList.remove("chosen", "lit")
  const copy = resolved(svg)
  for (const [node, classes] of chosen) node.classList.add(...classes)
  const [, , wide, high] = svg.getAttribute("viewBox").split(" ").map(Number)
  const width = Math.max(wide, Math.ceil(addLegend(copy, legend, style.color, style.fontFamily, high)))
  const height = high + CHIP
  set(copy, { width, height, viewBox: `0 0 ${width} ${height}` })
  const fill = style.getPropertyValue("--st-background-color").trim() || "white"
  copy.prepend(add(copy, "rect", { width, height, fill }))
  return copy
}
