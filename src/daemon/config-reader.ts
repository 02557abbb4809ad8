/**
 * Reads a YAML document by a table of readers. Every problem is collected with its line and column,
 * what is wrong and what is wanted, so that one look at the answer mends the file.
 */

import { resolve } from "node:path"

import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Node } from "yaml"

/** A place in the document: the node there (undefined: absent), and where to point at. */
export interface Place {
  readonly node: Node | undefined
  /** `listen.port`, `custodians.recipients[0].key`. */
  readonly path: string
  /** Offset in the text: the node's own, or that of what should contain it. */
  readonly offset: number
  readonly scope: Scope
}

/** One document being read. */
interface Scope {
  /** Relative paths in the document start here. */
  readonly folder: string
  /** Offsets of everything that was found, for checks across fields. */
  readonly offsets: Map<string, number>
  report(offset: number, problem: string): void
}

/** Turns a place into a value. Undefined: absent and optional, or reported as a problem. */
export type Reader<T> = (place: Place) => T | undefined

type Fields = Readonly<Record<string, Reader<unknown>>>
/** What a section of these fields yields once no problem was reported. */
type Section<F extends Fields> = {
  readonly [K in keyof F]: F[K] extends Reader<infer T> ? T : never
}

/** A problem found after reading, at the field with this path. */
export interface Problem {
  readonly path: string
  readonly problem: string
}

/**
 * Reads a whole document.
 *
 * @param source - `file` names it in messages; `folder` is where its relative paths start.
 * @param check - looks across fields; runs only when every field was read.
 * @returns the value, or the problems, each as `file:line:column: problem`.
 */
export function readDocument<T>(
  source: { readonly text: string; readonly file: string; readonly folder: string },
  reader: Reader<T>,
  check: (value: T) => readonly Problem[],
): { readonly value: T } | { readonly problems: readonly string[] } {
  const lines = new LineCounter()
  const document = parseDocument(source.text, { lineCounter: lines, prettyErrors: false })
  const found: { readonly offset: number; readonly problem: string }[] = []
  const report = (offset: number, problem: string) => void found.push({ offset, problem })
  for (const { pos, message } of [...document.errors, ...document.warnings]) report(pos[0], message)
  const offsets = new Map<string, number>()
  const scope = { folder: source.folder, offsets, report }
  const node = document.contents ?? undefined
  const value = found.length === 0 ? reader({ node, path: "", offset: 0, scope }) : undefined
  const across = value === undefined || found.length > 0 ? [] : check(value)
  for (const { path, problem } of across) {
    const parent = path.slice(0, path.lastIndexOf("."))
    report(offsets.get(path) ?? offsets.get(parent) ?? 0, `${path}: ${problem}`)
  }
  if (value !== undefined && found.length === 0) return { value }
  const problems = found
    .toSorted((one, other) => one.offset - other.offset)
    .map(({ offset, problem }) => {
      const { line, col } = lines.linePos(offset)
      return `${source.file}:${line}:${col}: ${problem}`
    })
  return { problems }
}

/** A string that matches as a whole; `wanted` says in words what does. */
export function text(pattern: RegExp, wanted: string): Reader<string> {
  return scalar(wanted, (value) => {
    return typeof value === "string" && pattern.test(value) ? value : undefined
  })
}

/** A string that `parse` turns into something better; undefined when it cannot. */
export function parsed<T>(parse: (text: string) => T | undefined, wanted: string): Reader<T> {
  return scalar(wanted, (value) => (typeof value === "string" ? parse(value) : undefined))
}

/** A path; relative ones start at the document's folder. */
export function path(): Reader<string> {
  const read = text(/^[^\0]+$/, "a path")
  return (place) => {
    const value = read(place)
    return value === undefined ? undefined : resolve(place.scope.folder, value)
  }
}

/** An integer from `min` to `max`. */
export function integer(min: number, max: number): Reader<number> {
  return scalar(`an integer from ${min} to ${max}`, (value) => {
    const fits = typeof value === "number" && Number.isInteger(value) && value >= min
    return fits && value <= max ? value : undefined
  })
}

export function boolean(): Reader<boolean> {
  return scalar("true or false", (value) => (typeof value === "boolean" ? value : undefined))
}

/** One of these words. */
export function choice<const T extends string | boolean>(...choices: readonly T[]): Reader<T> {
  const wanted = choices.length === 1 ? `${choices[0]}` : `one of ${choices.join(", ")}`
  return scalar(wanted, (value) => choices.find((known) => known === value))
}

/** A value that may be absent; then it is `fallback`. */
export function optional<T>(reader: Reader<T>): Reader<T | undefined>
export function optional<T>(reader: Reader<T>, fallback: T): Reader<T>
export function optional<T>(reader: Reader<T>, fallback?: T): Reader<T | undefined> {
  return (place) => (place.node === undefined ? fallback : reader(place))
}

/** A list of `min` to `max` items. */
export function list<T>(item: Reader<T>, min: number, max: number): Reader<readonly T[]> {
  return (place) => {
    const { node, path: name, scope } = place
    if (!isSeq<Node>(node) || node.items.length < min || node.items.length > max) {
      return mismatch(place, `a list of ${min} to ${max} items`)
    }
    const values = node.items.map((entry, index) =>
      item({ node: entry, path: `${name}[${index}]`, offset: startOf(entry) ?? 0, scope }),
    )
    return values.filter((value) => value !== undefined)
  }
}

/** A map of exactly these fields; absent, it is read as an empty one. */
export function section<const F extends Fields>(fields: F): Reader<Section<F>> {
  return (place) => {
    const entries = entriesOf(place)
    if (entries === undefined) return undefined
    const { scope, path: parent } = place
    for (const [name, { keyOffset }] of entries) {
      if (Object.hasOwn(fields, name)) continue
      scope.report(keyOffset, unknownName(parent, name, Object.keys(fields)))
    }
    const values = Object.entries(fields).map(([name, read]) => {
      const entry = entries.get(name)
      const offset = entry?.keyOffset ?? place.offset
      const path = join(parent, name)
      if (entry !== undefined) scope.offsets.set(path, offset)
      return [name, read({ node: entry?.value, path, offset, scope })]
    })
    // Each field comes from its own reader. When one was reported, nobody gets to see this.
    return Object.fromEntries(values) as Section<F>
  }
}

/** A map whose field `kind` decides which other fields it has. */
export function variant<const V extends Readonly<Record<string, Fields>>>(variants: V) {
  type Value = {
    readonly [K in keyof V]: { readonly kind: K } & Section<V[K]>
  }[keyof V]
  const kinds = choice(...Object.keys(variants))
  const readers = new Map(
    Object.entries(variants).map(([kind, fields]) => [kind, section({ kind: kinds, ...fields })]),
  )
  const read: Reader<Value> = (place) => {
    const entry = entriesOf(place)?.get("kind")
    const offset = entry?.keyOffset ?? place.offset
    const kindPlace = { ...place, node: entry?.value, path: join(place.path, "kind"), offset }
    const kind = kinds(kindPlace)
    const reader = kind === undefined ? undefined : readers.get(kind)
    // The reader of this kind was made from this kind's own fields.
    return reader?.(place) as Value | undefined
  }
  return read
}

function scalar<T>(wanted: string, convert: (value: unknown) => T | undefined): Reader<T> {
  return (place) => {
    const value = isScalar(place.node) ? convert(place.node.value) : undefined
    return value ?? mismatch(place, wanted)
  }
}

/** Reports what stands at a place instead of what is wanted. */
function mismatch<T>(place: Place, wanted: string): T | undefined {
  const { node, path: name, offset, scope } = place
  const found = node === undefined ? "missing" : describe(node)
  scope.report(startOf(node) ?? offset, `${name} is ${found}: ${wanted} is wanted`)
  return undefined
}

function describe(node: Node): string {
  if (isAlias(node)) return "an alias, which is not read here"
  if (isMap(node)) return "a map"
  if (isSeq(node)) return `a list of ${node.items.length} items`
  const shown = isScalar(node) ? JSON.stringify(node.value) : "something else"
  return shown.length > 60 ? `${shown.slice(0, 60)}...` : shown
}

type Entries = ReadonlyMap<string, { readonly value: Node | undefined; readonly keyOffset: number }>

function entriesOf(place: Place): Entries | undefined {
  const { node, scope } = place
  if (node === undefined || (isScalar(node) && node.value === null)) return new Map()
  if (!isMap<Node, Node | null>(node))
    return mismatch({ ...place, path: place.path || "this" }, "a map")
  const entries = node.items.map(({ key, value }) => {
    const keyOffset = startOf(key) ?? place.offset
    const name = isScalar(key) && typeof key.value === "string" ? key.value : ""
    if (name === "") scope.report(keyOffset, "the name of a setting is a plain word")
    return [name, { value: value ?? undefined, keyOffset }] as const
  })
  return new Map(entries)
}

function startOf(node: Node | undefined): number | undefined {
  return node?.range?.[0]
}

function join(parent: string, name: string): string {
  return parent === "" ? name : `${parent}.${name}`
}

function unknownName(parent: string, name: string, known: readonly string[]): string {
  const [nearest] = known.toSorted((one, other) => distance(name, one) - distance(name, other))
  const isNear = nearest !== undefined && distance(name, nearest) <= Math.ceil(name.length / 3)
  const fix = isNear ? `did you mean ${join(parent, nearest)}?` : `known here: ${known.join(", ")}`
  return `${join(parent, name)} is not a setting; ${fix}`
}

/** Edits between two words (Levenshtein), ignoring case. */
function distance(one: string, other: string): number {
  const [left, right] = [one.toLowerCase(), other.toLowerCase()]
  let row = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (const [at, letter] of left.split("").entries()) {
    const next = [at + 1]
    for (const [index, target] of right.split("").entries()) {
      const replaced = (row[index] ?? 0) + (letter === target ? 0 : 1)
      next.push(Math.min(replaced, (row[index + 1] ?? 0) + 1, (next[index] ?? 0) + 1))
    }
    row = next
  }
  return row[right.length] ?? 0
}
