// What happens to one value on its way through batch normalisation, with its numbers.

export function number(value) {
  const size = Math.abs(value)
  const text = size >= 1e5 ? value.toExponential(2) : size >= 100 ? value.toFixed(1) : value.toFixed(3)
  return text.replace("e+", "e").replace("-", "−")
}

// A number that stands behind an operator: negative ones in brackets.
const term = value => (number(value).startsWith("−") ? `(${number(value)})` : number(value))

// For each stage its lines, for the value at `point` of the chosen feature.
export function steps({ features, chosen, own, eps, labels }, point) {
  const { stages, mean, variance, gamma, beta } = features[chosen]
  const [x, centred, scaled, out] = stages.map(stage => stage[point])
  const few = values => (values.length > 3 ? [values[0], null, values.at(-1)] : values)
  const sum = (values, spell) => few(values).map(value => (value === null ? "…" : spell(value))).join(" + ")
  const count = stages[0].length
  const moments = own
    ? [
        `μ = (${sum(stages[0], term)}) / ${count} = ${number(mean)}`,
        `σ² = (${sum(stages[1], value => `${term(value)}²`)}) / ${count} = ${number(variance)}`,
      ]
    : [`μ = ${number(mean)} ${labels.moving}`, `σ² = ${number(variance)} ${labels.moving}`]
  return [
    [`x = ${number(x)} ${labels.nth.replace("{n}", point + 1).replace("{m}", count)}`],
    [moments[0], `x − μ = ${number(x)} − ${term(mean)} = ${number(centred)}`],
    [moments[1], `x̂ = ${number(centred)} / √(${number(variance)} + ${eps}) = ${number(scaled)}`],
    [`y = γ·x̂ + β = ${number(gamma)} · ${term(scaled)} + ${term(beta)} = ${number(out)}`],
  ]
}
