export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".divider")
  const [before, after, slider] = ["img.before", "img.after", "input"].map(name => root.querySelector(name))
  if (before.src !== data.before) before.src = data.before
  if (after.src !== data.after) after.src = data.after
  ;[before.alt, after.alt] = data.names
  root.querySelector(".left").textContent = data.names[0]
  root.querySelector(".right").textContent = data.names[1]
  slider.ariaLabel = slider.title = data.label
  const move = () => root.style.setProperty("--at", `${slider.value}%`)
  slider.oninput = move
  move()
  root.dataset.dividerPainted = data.name
}
