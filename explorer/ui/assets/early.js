// What runs before Streamlit's own scripts.

// One entry of the browser's history for one thing that a visitor does.
//
// Streamlit adds an entry at every write of the address by the script: a page that is opened and
// then says in its address what it shows had two or three, the first of them half written, and the
// query of a page that is coming was at times written behind the path of the one that is going.
// Here the first write after a click, a key or a gesture adds an entry, and what follows without
// the visitor having done anything more corrects it.

const NAVIGATION = '[data-testid="stSidebarNav"]'
const add = history.pushState.bind(history)
const correct = history.replaceState.bind(history)

let done = 0 // by the visitor, on this page and those before
let told = 0 // how much of that the present entry tells

function count(event) {
  // Of a double click on a link to a page, the second comes when the page is already there.
  const aside = event.target instanceof Element && event.target.closest(NAVIGATION)
  if (!aside || (event.type === "click" && event.detail < 2)) done += 1
}

for (const kind of ["pointerdown", "click", "keydown", "input"]) {
  addEventListener(kind, count, { capture: true, passive: true })
}
addEventListener("popstate", () => (told = done))

history.pushState = (...entry) => {
  const write = done > told ? add : correct
  const page = location.pathname
  told = done
  write(...entry)
  if (location.pathname !== page) keepStill()
}
addEventListener("popstate", () => keepStill())

// `opening.css` keeps a page still while it comes. It is on until all has come that comes by itself.

const COMING = '.stBidiComponent:not([data-drawn]), [data-testid="stSkeleton"]'
const IDLE = '[data-test-script-state="notRunning"]'
const SOONEST = 1000 // milliseconds: a page begins to come
const LONGEST = 8000
let waiting = 0

function keepStill() {
  const begin = performance.now()
  const turn = off => {
    const { sheet } = document.querySelector('link[href$="/opening.css"]') ?? {}
    if (sheet) sheet.disabled = off
  }
  clearInterval(waiting)
  turn(false)
  waiting = setInterval(() => {
    const past = performance.now() - begin
    const comes = past < SOONEST || !document.querySelector(IDLE) || document.querySelector(COMING)
    if (comes && past < LONGEST) return
    clearInterval(waiting)
    turn(true)
  }, 100)
}

keepStill()

// The width at which the sidebar will come: as this visitor left it (Streamlit 1.67 keeps that).

const kept = Object.entries({ ...localStorage })
const folded = kept.some(([key, value]) => key.startsWith("stSidebarCollapsed-") && value === "true")
const width = folded ? 0 : parseInt(localStorage.getItem("sidebarWidth"))
if (width >= 0) document.documentElement.style.setProperty("--sidebar", `${width}px`)
