// Blocks side by side: the picture of what ran in each, from the top down. Pointing at an operation
// (or moving to it with Tab and the arrow keys) writes its arithmetic out. Nothing is sent to Python.

import { Board, mount, saveButton } from "../../../explorer/ui/boards/board.js"
import { add, advise, make } from "../../../explorer/ui/boards/shared.js"

class Blocks extends Board {
  update() {
    draw(this.root, this.data)
  }
}

export default mount(Blocks, ".blocks")

function draw(root, data) {
  root.replaceChildren()
  const cards = make("div", "cards", root)
  cards.style.setProperty("--columns", data.cards.map(card => `minmax(0, ${Math.max(card.width, 104)}fr)`).join(" "))
  const foot = make("div", "foot", root)
  const why = make("div", "why", foot)
  foot.insertAdjacentHTML("beforeend", saveButton("svg"))
  why.setAttribute("aria-live", "polite")
  const tall = Math.max(...data.cards.map(card => card.height))
  let lit = null
  const say = (node, element) => {
    lit?.classList.remove("chosen")
    lit = element
    element?.classList.add("chosen")
    why.replaceChildren()
    why.toggleAttribute("data-unsaved", !node)
    if (!node) return advise(make("p", "hint", why), data.labels)
    make("p", "title", why, node.title)
    for (const line of node.lines) make("p", "", why, line)
  }
  for (const card of data.cards) drawCard(cards, card, tall, data.labels, say)
  say(null, null)
  root.dataset.blocksPainted = data.key
}

function drawCard(cards, card, tall, labels, say) {
  const box = make("section", "card", cards)
  box.ariaLabel = card.title
  box.dataset.name = card.name
  make("h3", "", box, card.title)
  make("div", "shape", box, card.into)
  const svg = add(box, "svg", {
    viewBox: `0 0 ${card.width} ${tall}`, role: "group", "aria-label": labels.picture.replace("{name}", card.title),
  })
  svg.style.maxWidth = `${card.width * 1.12}px`
  const group = add(svg, "g", { transform: `translate(0 ${(tall - card.height) / 2})` })
  const off = (tall - card.height) / 2
  if (off > 0) {
    add(group, "path", { class: "wire", d: `M${card.width / 2} ${-off}V0` })
    add(group, "path", { class: "wire", d: `M${card.width / 2} ${card.height}v${off}` })
  }
  for (const wire of card.wires) add(group, "path", { class: "wire", d: `M${wire.map(p => p.join(" ")).join("L")}` })
  const nodes = card.nodes.map((node, index) => drawNode(group, node, index, say))
  group.onkeydown = event => {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key]
    const next = step && nodes[nodes.indexOf(event.target) + step]
    if (!next) return
    event.preventDefault()
    next.focus()
  }
  make("div", "shape", box, card.out)
  const facts = make("dl", "", box)
  for (const [label, short, exact] of card.facts) {
    const fact = make("div", "", facts)
    make("dt", "", fact, label)
    make("dd", "", fact, short).title = exact
  }
  if (card.share) make("i", "", make("div", "bar", box)).style.width = `${100 * card.share}%`
  make("p", "note", box, card.note)
}

function drawNode(group, node, index, say) {
  const round = node.family === "merge" && node.w === node.h
  const part = add(group, "g", {
    class: `node f-${node.family}${node.failed ? " failed" : ""}`, tabindex: index ? -1 : 0, role: "img",
    "aria-label": [node.title, ...node.lines].join(". "),
  })
  add(part, "rect", {
    x: node.x - node.w / 2, y: node.y - node.h / 2, width: node.w, height: node.h, rx: round ? node.h / 2 : 5,
  })
  add(part, "text", { x: node.x, y: node.y, "font-size": round ? 18 : node.h < 20 ? 12.5 : 13.5, dy: "0.35em" }, node.text)
  part.onpointerenter = part.onfocus = part.onclick = () => say(node, part)
  return part
}
