// The tree table: rows of the visible layers and blocks, keyboard and all, and the panel "why".

import { clamp, escape } from "../../../explorer/ui/boards/shared.js"

// Every row is a grid of the same columns, so that rows out of sight cost no layout. A column is as
// wide as its longest word, and what room is left is shared out. Where room is short, words give
// way (an ellipsis, the whole on hover) before numbers do.
const pen = document.createElement("canvas").getContext("2d")
const INDENT = 18

// On a phone these stand first: they are in sight without a swipe.
const FIRST = ["parameters", "output", "name"]

export const arranged = (columns, narrow) =>
  narrow ? [...columns].sort((a, b) => FIRST.indexOf(b.key) - FIRST.indexOf(a.key)) : columns

// As a grid's template, and the least that they take in all. On a phone the names give way, too,
// to what stands beside them in `room` pixels.
export function template(widths, room, narrow) {
  const [name, ...others] = widths
  if (narrow) name.wide = name.least = Math.min(name.least, Math.max(96, room - others[0].least - others[1].least))
  return [
    widths.map(({ least, wide }) => `minmax(${least}px, ${wide}fr)`).join(" "),
    widths.reduce((sum, { least }) => sum + least, 0),
  ]
}

export function columnWidths(data, visible, font) {
  pen.font = font
  const widest = texts => {
    const longest = Math.max(...texts.map(text => text.length)) - 2
    return Math.max(...[...new Set(texts.filter(text => text.length >= longest))].slice(0, 40).map(text => pen.measureText(text).width))
  }
  const grouped = visible.some(row => row.group)
  return data.columns.map(({ key, label }) => {
    const head = 1.08 * pen.measureText(label).width
    if (key === "name") {
      const badge = row => (row.status === "ok" ? 0 : 34 + 7 * data.labels[row.status].length)
      const room = visible.map(row => INDENT * row.depth + badge(row) + 1.1 * pen.measureText(row.name).width)
      const wide = Math.ceil(Math.min(320, Math.max(head, ...room) + (grouped ? 24 : 8) + 16 + 16))
      return { least: wide, wide }
    }
    const wide = Math.ceil(Math.max(head, widest(visible.map(row => textOf(row, key) ?? data.labels.none))) + 16)
    if (!GIVES_WAY.has(key)) return { least: wide, wide }
    return { least: Math.min(wide, Math.max(72, Math.ceil(0.55 * Math.min(wide, 190)))), wide: Math.min(wide, 190) }
  })
}

const GIVES_WAY = new Set(["type", "settings", "input"])
const FIELDS = new Set(["type", "settings", "input", "output"])
const textOf = (row, key) => (FIELDS.has(key) ? row[key] : row.cells?.[key]?.text)

export function tableHtml(data, visible, open) {
  const { columns, labels } = data
  const head = columns
    .map(column => {
      const kind = column.numeric ? "number" : column.key
      return `<th role="columnheader" class="${kind}"${column.help ? ` title="${escape(column.help)}"` : ""}>${escape(column.label)}</th>`
    })
    .join("")
  const body = visible.map(row => rowHtml(row, columns, labels, open.has(row.id))).join("")
  return (
    `<table role="treegrid" aria-label="${escape(`${labels.table}: ${data.title}`)}"><thead role="rowgroup"><tr role="row">${head}</tr></thead>` +
    `<tbody role="rowgroup">${body}</tbody></table>`
  )
}

function rowHtml(row, columns, labels, open) {
  const expanded = row.group ? ` aria-expanded="${open}"` : ""
  const note = row.note ? ` title="${escape(row.note)}"` : ""
  const cells = columns.map(column => cellHtml(row, column, labels, open)).join("")
  return (
    `<tr role="row" data-id="${row.id}" class="${row.group ? "group" : "leaf"} ${row.status}" tabindex="-1"` +
    ` aria-level="${row.depth + 1}" aria-selected="false"${expanded}${note}>${cells}</tr>`
  )
}

function cellHtml(row, column, labels, open) {
  const { key } = column
  if (key === "name") {
    const fold = row.group
      ? `<button type="button" class="fold" data-fold="${row.id}" tabindex="-1" aria-label="${escape(`${open ? labels.fold : labels.unfold}: ${row.name}`)}"><i></i></button>`
      : `<span class="fold"></span>`
    const badge =
      row.status === "failed"
        ? `<b class="badge alarm">⚠ ${escape(labels.failed)}</b>`
        : row.status === "unused"
          ? `<b class="badge">${escape(labels.unused)}</b>`
          : ""
    return (
      `<th role="rowheader" class="name"><div style="--depth:${row.depth}">${fold}` +
      `<span class="dot f-${row.family}"></span><span class="word">${escape(row.name)}</span>${badge}</div></th>`
    )
  }
  if (FIELDS.has(key))
    return `<td role="gridcell" class="${key}" title="${escape(row[key])}">${escape(row[key])}</td>`
  const cell = row.cells?.[key]
  if (!cell) return `<td role="gridcell" class="number empty">${escape(labels.none)}</td>`
  const bar = column.bars && cell.share > 0 ? ` style="--share:${Math.min(1, cell.share).toFixed(4)}"` : ""
  const title = cell.exact ? ` title="${escape(cell.exact)}"` : ""
  return `<td role="gridcell" class="number${bar ? " bar" : ""}" data-column="${escape(key)}"${bar}${title}>${escape(cell.text)}</td>`
}

export const legendHtml = (families, labels) =>
  families
    .map(family => `<span class="chip"><span class="dot f-${family}"></span>${escape(labels[`family_${family}`])}</span>`)
    .join("")

// The numbers that the table rounds, to the last digit, for whoever cannot hover.
function exactHtml(data, row) {
  const exact = data.columns
    .map(({ key, label }) => [label, row.cells?.[key]])
    .filter(([, cell]) => cell?.exact && cell.exact !== cell.text)
    .map(([label, cell]) => `<span>${escape(label)} <b>${escape(cell.exact)}</b></span>`)
  return exact.length ? `<p class="exact">${exact.join(" ")}</p>` : ""
}

export function whyHtml(data, row) {
  const { labels } = data
  if (!row) return `<h3>${escape(labels.why)}</h3><p class="hint">${escape(labels.choose)}</p>`
  const alarm = row.status === "failed" ? `<b class="badge alarm">⚠ ${escape(labels.failed)}</b>` : ""
  const facts = [row.type, row.settings].filter(Boolean).map(escape).join(" · ")
  const shapes = row.input && row.output ? `<p class="shapes">${escape(row.input)} → ${escape(row.output)}</p>` : ""
  const formulas = row.why
    .map(
      formula =>
        `<div class="formula"${formula.column ? ` data-column="${escape(formula.column)}"` : ""}><h4>${escape(formula.title)}</h4>` +
        formula.lines.map(line => `<p class="line">${escape(line)}</p>`).join("") +
        (formula.note ? `<p class="note">${escape(formula.note)}</p>` : "") +
        "</div>",
    )
    .join("")
  return (
    `<header><h3><span class="dot f-${row.family}"></span>${escape(row.name)}${alarm}</h3><p class="facts">${facts}</p>${shapes}${exactHtml(data, row)}</header>` +
    (row.note ? `<p class="remark">${escape(row.note)}</p>` : "") +
    (formulas ? `<div class="formulas">${formulas}</div>` : row.note ? "" : `<p class="hint">${escape(labels.no_why)}</p>`) +
    learnHtml(data, row)
  )
}

// The pages on which one learns what this layer does.
function learnHtml(data, row) {
  const pages = data.learn[row.family] ?? []
  const links = pages.map(({ url, href, title }) => `<a href="${escape(href)}" data-learn="${escape(url)}">${escape(title)}</a>`)
  return links.length ? `<p class="learn">${escape(data.labels.learn)} ${links.join(" · ")}</p>` : ""
}

// What a key does on the row that has the focus: [verb, row id] or nothing.
export function keyVerb(event, row, tree, visible, open) {
  const at = visible.indexOf(row)
  const last = visible.length - 1
  const to = index => ["focus", visible[clamp(index, 0, last)].id]
  const goals = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + 10, PageUp: at - 10, Home: 0, End: last }
  if (event.key in goals) return to(goals[event.key])
  const opened = row.group && open.has(row.id)
  const verbs = { Enter: ["choose", row.id], " ": ["choose", row.id] }
  if (row.group) verbs.ArrowRight = opened ? to(at + 1) : ["fold", row.id]
  if (opened) verbs.ArrowLeft = ["fold", row.id]
  else if (row.parent != null) verbs.ArrowLeft = ["focus", row.parent]
  return verbs[event.key]
}
