/**
 * Draws a .cpuprofile of V8 as a flame graph in SVG: width is time, the bottom is the event loop.
 *
 *   node tools/run.mjs tools/flame-graph.ts profile.cpuprofile docs/hot-path.svg
 *
 * Idle time and the first half, in which V8 still compiles, are left out.
 */

import { readFileSync, writeFileSync } from "node:fs"

interface Profile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string }
    readonly children?: readonly number[]
  }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

interface Frame {
  readonly name: string
  time: number
  readonly children: Map<string, Frame>
}

const width = 1_200
const rowHeight = 15
/** Narrower boxes would not be seen. */
const widthMin = 0.8

const [from = "", to = ""] = process.argv.slice(2)
const profile = JSON.parse(readFileSync(from, "utf8")) as Profile // V8's own format.
writeFileSync(to, draw(gather(profile)))

/** Adds up the stacks of all samples; functions of one name and file are one. */
function gather({ nodes, samples, timeDeltas }: Profile): Frame {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((c) => [c, id])))
  const root: Frame = { name: "all", time: 0, children: new Map() }
  for (let at = Math.floor(samples.length / 2); at < samples.length; at++) {
    const stack: string[] = []
    for (let id = samples[at]; id !== undefined; id = parents.get(id)) {
      const frame = byId.get(id)?.callFrame
      if (frame !== undefined) stack.unshift(nameOf(frame))
    }
    if (stack.at(-1) === "(idle)") continue
    add(root, stack.slice(1), timeDeltas[at] ?? 0)
  }
  return root
}

function add(root: Frame, stack: readonly string[], time: number): void {
  let at = root
  at.time += time
  for (const name of stack) {
    let child = at.children.get(name)
    if (child === undefined) {
      child = { name, time: 0, children: new Map() }
      at.children.set(name, child)
    }
    child.time += time
    at = child
  }
}

function nameOf({ functionName, url }: Profile["nodes"][number]["callFrame"]): string {
  const file = url.replace(/^.*\/(src|node_modules)\//, "").replace("node:internal/", "node:")
  const name = functionName === "" ? "anonymous" : functionName
  return file === "" ? name : `${name} ${file}`
}

function draw(root: Frame): string {
  const boxes: string[] = []
  let deepest = 0
  const place = (frame: Frame, left: number, depth: number): void => {
    const size = (frame.time / root.time) * width
    if (size < widthMin) return
    deepest = Math.max(deepest, depth)
    boxes.push(box(frame, root, { left, size, depth }))
    let at = left
    const children = [...frame.children.values()].toSorted((a, b) => b.time - a.time)
    for (const child of children) {
      place(child, at, depth + 1)
      at += (child.time / root.time) * width
    }
  }
  place(root, 0, 0)
  const height = (deepest + 1) * rowHeight
  const head =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" ` +
    `font-family="monospace" font-size="10">`
  // Depth counts from the bottom.
  const turned = `<g transform="translate(0 ${height}) scale(1 -1)">`
  return `${head}\n${turned}\n${boxes.join("\n")}\n</g>\n</svg>\n`
}

function box(
  { name, time }: Frame,
  root: Frame,
  { left, size, depth }: { readonly left: number; readonly size: number; readonly depth: number },
): string {
  const share = ((100 * time) / root.time).toFixed(1)
  const y = depth * rowHeight
  const shown = name.slice(0, Math.floor(size / 6.2))
  const fill = `hsl(${hueOf(name)} 70% 72%)`
  const rect =
    `<rect x="${left.toFixed(1)}" y="${y}" width="${size.toFixed(1)}" ` +
    `height="${rowHeight - 1}" fill="${fill}"/>`
  const label =
    shown.length < 3
      ? ""
      : `<text transform="translate(${(left + 2).toFixed(1)} ${y + 4}) scale(1 -1)">` +
        `${escape(shown)}</text>`
  return `<g><title>${escape(name)}: ${share} %</title>${rect}${label}</g>`
}

/** Ours, Node's, V8's own. */
function hueOf(name: string): number {
  if (name.startsWith("(")) return 0
  return name.includes(" node:") ? 210 : name.includes(" ") ? 45 : 120
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
}
