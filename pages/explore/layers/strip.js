// The window on the picture: fit, zoom (buttons, Ctrl and wheel), drag; the page itself never moves.

import { clamp, set } from "../../../explorer/ui/boards/shared.js"

const FAR = 0.6 // below this scale the labels go: they would run into each other
const CROWDED = 0.7 // below this one they no longer keep their size
const LEAST = 0.45 // "fit" goes no further: below it a network is a ribbon
const NARROW = 600 // px; on a phone the whole picture is worth smaller labels
const NEAR = 0.9 // a first view is no smaller, unless the picture is too tall

export class Strip {
  constructor(element) {
    this.element = element
    this.scale = 1
    this.size = { width: 0, height: 0 }
    this.dragged = false
    this.drag()
    element.addEventListener("scroll", () => this.more(), { passive: true })
    element.addEventListener("wheel", event => {
      if (!event.ctrlKey && !event.metaKey) return
      event.preventDefault()
      const box = element.getBoundingClientRect()
      this.zoom(this.scale * Math.exp(-event.deltaY / 300), event.clientX - box.left, event.clientY - box.top)
    }, { passive: false })
  }

  get svg() {
    return this.element.querySelector("svg")
  }

  // Instead of a picture.
  say(words) {
    this.element.textContent = words
  }

  // Which way there is more to see; its edge fades.
  more() {
    const { scrollLeft, scrollWidth, clientWidth, classList } = this.element
    classList.toggle("more-left", scrollLeft > 2)
    classList.toggle("more-right", scrollLeft + clientWidth < scrollWidth - 2)
  }

  // A new picture. `keep`: the reader's zoom stands (a block was folded or unfolded).
  show({ svg, width, height }, keep) {
    this.size = { width, height }
    this.room = this.element.clientWidth
    this.element.innerHTML = svg
    if (!keep) this.zoomed = false
    if (!keep) this.scale = this.comfortable()
    this.apply()
    if (!keep) this.element.scrollTo(0, 0)
  }

  // Large enough to read; whole if that is near; a small network may grow a little.
  comfortable() {
    const { width, height } = this.size
    const room = this.element.clientWidth
    const whole = room / width
    const tall = 416 / height
    if (whole >= 1) return Math.min(whole, 1.3, Math.max(250 / height, 1), Math.max(tall, 0.6))
    if (room < NARROW && whole >= FAR) return Math.min(whole, tall)
    return Math.max(CROWDED, Math.min(1, tall, Math.max(NEAR, whole)))
  }

  // The page grew or shrank: the first view follows, a zoom of the reader's stays.
  resize() {
    const room = this.element.clientWidth
    if (room === this.room || !this.size.width) return
    this.room = room
    if (this.zoomed) return
    this.scale = this.comfortable()
    this.apply()
  }

  fit() {
    this.zoomed = true
    const { width, height } = this.size
    this.scale = Math.max(LEAST, Math.min(1.4, this.element.clientWidth / width, 416 / height))
    this.apply()
    this.element.scrollTo(0, 0)
  }

  zoom(scale, x = this.element.clientWidth / 2, y = this.element.clientHeight / 2) {
    this.zoomed = true
    const next = clamp(scale, 0.2, 3)
    const ratio = next / this.scale
    const left = (this.element.scrollLeft + x) * ratio - x
    const top = (this.element.scrollTop + y) * ratio - y
    this.scale = next
    this.apply(this.element.clientHeight)
    this.element.scrollTo(left, top)
  }

  // The picture at its scale, in a window that is as high as it needs; `least` px stay.
  apply(least = 170) {
    const { svg, scale, element } = this
    const [width, height] = [this.size.width * scale, this.size.height * scale]
    if (!svg) return
    set(svg, { width, height })
    const bar = width > element.clientWidth ? 14 : 0
    element.style.height = `${Math.max(least, Math.round(clamp(height + bar, 170, 430)))}px`
    svg.style.setProperty("--grow", clamp(1 / scale, 1, 1 / CROWDED).toFixed(3))
    svg.classList.toggle("far", scale < FAR)
    this.more()
  }

  // Where a node stands in the window, so that it can stay there when the picture changes.
  at(id) {
    const node = this.element.querySelector(`[data-id="${id}"]`)
    return node ? node.getBoundingClientRect().left - this.element.getBoundingClientRect().left : null
  }

  hold(id, left) {
    const now = this.at(id)
    if (now !== null && left !== null) this.element.scrollLeft += now - left
  }

  reveal(id) {
    const node = this.element.querySelector(`[data-id="${id}"]`)
    if (!node) return
    const box = this.element.getBoundingClientRect()
    const seen = node.getBoundingClientRect()
    if (seen.left < box.left + 20 || (seen.right > box.right - 20 && seen.width < box.width))
      this.element.scrollLeft += (seen.left + seen.right - box.left - box.right) / 2
    else if (seen.left > box.right - 60) this.element.scrollLeft += seen.left - box.left - 60
    if (seen.top < box.top || seen.bottom > box.bottom) this.element.scrollTop += seen.top - box.top - 30
  }

  drag() {
    const { element } = this
    let from = null
    element.addEventListener("pointerdown", event => {
      this.dragged = false
      if (event.pointerType !== "mouse" || event.button !== 0) return
      from = { x: event.clientX, y: event.clientY, left: element.scrollLeft, top: element.scrollTop }
    })
    element.addEventListener("pointermove", event => {
      if (!from) return
      const [dx, dy] = [event.clientX - from.x, event.clientY - from.y]
      if (!this.dragged && Math.hypot(dx, dy) < 5) return
      if (!this.dragged) element.setPointerCapture(event.pointerId)
      this.dragged = true
      element.classList.add("dragging")
      element.scrollTo(from.left - dx, from.top - dy)
    })
    const drop = () => {
      from = null
      element.classList.remove("dragging")
    }
    element.addEventListener("pointerup", drop)
    element.addEventListener("pointercancel", drop)
  }
}
