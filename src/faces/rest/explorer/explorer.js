/** Renders the API's description: groups, parameters, schemas, examples, a curl command. */

const api = await (await fetch("/api/v1/openapi.json")).json()

/** An element with attributes and children; text is always text. */
function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value)
  node.append(...children.filter((child) => child !== undefined))
  return node
}

function deref(node) {
  if (node.$ref === undefined) return node
  const found = node.$ref
    .slice(2)
    .split("/")
    .reduce((at, name) => at[name], api)
  const { $ref: _ref, ...siblings } = node
  return { ...deref(found), ...siblings }
}

/** Text with `code` in it. */
function prose(text = "") {
  return text.split("`").map((part, at) => (at % 2 === 1 ? el("code", {}, part) : part))
}

function typeText(schema) {
  if (schema.contentEncoding === "base64") return `base64, ≤ ${schema["x-bytes-max"]} bytes`
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum !== undefined && schema.enum.length <= 5) return schema.enum.join(" | ")
  if (schema.type === "array") return `[${typeText(deref(schema.items))}]`
  const type = [schema.type ?? "one of"].flat().join(" | ")
  if (schema.maximum !== undefined) return `${type}, ${schema.minimum} to ${schema.maximum}`
  return schema.maxLength === undefined ? type : `${type}, ≤ ${schema.maxLength}`
}

function says(schema, description) {
  const many = schema.enum !== undefined && schema.enum.length > 5
  const parts = [description ?? schema.description ?? ""]
  if (many) parts.push(schema.enum.map((one) => `\`${one}\``).join(" "))
  if (schema.default !== undefined) parts.push(`Default ${schema.default}.`)
  return prose(parts.filter(Boolean).join(" "))
}

function row({ name, required, schema, description, sub }) {
  return el(
    "tr",
    sub ? { class: "sub" } : {},
    el("td", {}, el("code", {}, name), required ? el("span", { class: "must" }, "required") : ""),
    el("td", {}, typeText(schema)),
    el("td", {}, ...says(schema, description)),
  )
}

/** Rows of an object's properties, those of objects inside it indented once. */
function rows(schema, sub = false) {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const inner = deref(property)
    const required = schema.required?.includes(name)
    const own = row({ name, required, schema: inner, sub })
    const object = inner.type === "array" ? deref(inner.items) : inner
    const deeper = sub ? [] : [object, ...(object.oneOf ?? [])].flatMap((one) => rows(one, true))
    return [own, ...deeper]
  })
}

function copyable(text) {
  const button = el("button", { type: "button" }, "Copy")
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text)
    button.textContent = "Copied"
    setTimeout(() => (button.textContent = "Copy"), 1500)
  })
  return el("div", { class: "box" }, el("pre", {}, text), button)
}

function curl(method, path, operation, body) {
  const sample = { key: "orders" }
  const url = path.replace(/\{(\w+)\}/g, (_all, name) => sample[name] ?? `$${name.toUpperCase()}`)
  const lines = [
    `curl --cacert ca.pem${method === "GET" ? "" : ` -X ${method}`} ${location.origin}${url}`,
  ]
  if (operation.security?.length !== 0) lines.push('-H "Authorization: Bearer $TOKEN"')
  if (body !== undefined) {
    lines.push('-H "Content-Type: application/json"', `-d '${JSON.stringify(body)}'`)
  }
  return lines.join(" \\\n  ")
}

function section(title, ...content) {
  return [el("h3", {}, title), ...content]
}

function facts(operation) {
  const list = []
  if (operation["x-roles"]) list.push(`Roles: ${operation["x-roles"].join(", ")}`)
  else list.push("No credential")
  if (operation["x-metered"]) list.push("Metered")
  if (operation["x-idempotent"]) list.push("Idempotency-Key")
  if (operation["x-batch"]) list.push("In batches")
  return el("ul", { class: "facts" }, ...list.map((one) => el("li", {}, one)))
}

function messages(operation) {
  const [status, answer] = Object.entries(operation.responses)[0]
  const [media, content] = Object.entries(deref(answer).content ?? {})[0] ?? []
  const asked = operation.requestBody?.content["application/json"].schema
  return {
    status,
    request: asked && deref(asked),
    media,
    response: content && deref(content.schema),
  }
}

function inside(method, path, shared, operation) {
  const { status, request, media, response } = messages(operation)
  const parameters = [...shared, ...(operation.parameters ?? [])].map(deref)
  const example = request?.examples?.[0]
  const box = el("div", { class: "inside" })
  if (operation.description) box.append(el("p", {}, ...prose(operation.description)))
  box.append(
    facts(operation),
    ...section("Try it", copyable(curl(method, path, operation, example))),
  )
  if (parameters.length > 0) {
    const list = parameters.map((one) => row({ ...one, name: one.name, schema: deref(one.schema) }))
    box.append(...section("Parameters", el("table", {}, ...list)))
  }
  if (request) {
    const list = rows(request)
    const table = list.length > 0 ? el("table", {}, ...list) : el("p", {}, "An empty object.")
    box.append(...section("Request", table))
  }
  const answer = [el("table", {}, ...rows(response ?? {}))]
  const shown = response?.examples?.[0]
  if (shown) answer.push(el("pre", {}, JSON.stringify(shown, null, 2)))
  box.append(...section(`Answer ${status}${media ? `, ${media}` : ""}`, ...answer))
  return box
}

/** One operation; what is inside is made when it is first opened. */
function operationCard(method, path, shared, operation) {
  const card = el(
    "details",
    { id: operation.operationId },
    el(
      "summary",
      {},
      el("span", { class: `method ${method}` }, method),
      el("code", { class: "path" }, path),
      el("span", { class: "say" }, operation.summary),
    ),
  )
  card.addEventListener("toggle", () => {
    if (card.open && card.children.length === 1)
      card.append(inside(method, path, shared, operation))
  })
  return card
}

const operations = Object.entries(api.paths).flatMap(([path, { parameters = [], ...item }]) =>
  Object.entries(item).map(([method, operation]) => ({
    operation,
    card: operationCard(method.toUpperCase(), path, parameters, operation),
    link: el(
      "li",
      {},
      el("a", { href: `#${operation.operationId}` }, operation.summary.replace(/\.$/, "")),
    ),
    text: `${operation.operationId} ${path} ${operation.summary}`.toLowerCase(),
  })),
)

const groups = api.tags.map(({ name, description }) => {
  const own = operations.filter(({ operation }) => operation.tags[0] === name)
  return {
    own,
    index: el("section", {}, el("h2", {}, name), el("ul", {}, ...own.map(({ link }) => link))),
    body: el(
      "section",
      { class: "group" },
      el("h2", {}, name),
      el("p", {}, ...prose(description)),
      ...own.map(({ card }) => card),
    ),
  }
})

document
  .getElementById("intro")
  .append(
    el("h1", {}, api.info.summary),
    el("p", { class: "lead" }, ...prose(api.info.description)),
    el(
      "a",
      { href: "/api/v1/openapi.json" },
      `OpenAPI ${api.openapi}, version ${api.info.version}`,
    ),
  )
document.getElementById("index").append(...groups.map(({ index }) => index))
document.getElementById("groups").replaceChildren(...groups.map(({ body }) => body))

document.getElementById("filter").addEventListener("input", ({ target }) => {
  const wanted = target.value.toLowerCase()
  for (const { own, index, body } of groups) {
    for (const { card, link, text } of own) card.hidden = link.hidden = !text.includes(wanted)
    index.hidden = body.hidden = own.every(({ card }) => card.hidden)
  }
})

function openTarget() {
  const card = document.getElementById(location.hash.slice(1))
  if (card?.tagName !== "DETAILS") return
  card.open = true
  card.scrollIntoView()
}
addEventListener("hashchange", openTarget)
openTarget()
