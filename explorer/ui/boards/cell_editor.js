// A field for a cell's number, put into `host`. `done(text, key)` hears how it was left: by Enter, by
// Tab or by leaving it ("") with what was typed, by Escape with null. `typed` is the key that began
// the edit; without one the old number stands there, chosen. With `tabs`, `done` says where Tab leads.
export function editCell(host, { label, before, typed, done, tabs = false }) {
  const field = Object.assign(document.createElement("input"), { className: "editor", type: "text", inputMode: "text", autocomplete: "off", value: typed ?? before })
  field.ariaLabel = label
  host.append(field)
  let open = true
  const close = (text, key) => {
    if (!open) return
    open = false
    field.remove()
    done(text, key)
  }
  field.onkeydown = event => {
    event.stopPropagation()
    if (!["Enter", "Escape", "Tab"].includes(event.key)) return
    if (event.key === "Tab" && tabs) event.preventDefault()
    close(event.key === "Escape" ? null : field.value, event.shiftKey ? `Shift+${event.key}` : event.key)
  }
  field.onblur = () => close(field.value, "")
  field.focus()
  if (typed === null) field.select()
  return field
}
