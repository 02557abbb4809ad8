/** Method and path to an endpoint: a tree of path segments, walked without regular expressions. */

/** One place in the tree. */
interface Place<T> {
  readonly fixed: Map<string, Place<T>>
  /** What follows when any segment may stand here. */
  open: Place<T> | undefined
  readonly byMethod: Map<string, T>
}

/** What a path and a method lead to. */
export type Found<T> =
  | { readonly kind: "found"; readonly target: T; readonly segments: readonly string[] }
  | { readonly kind: "method"; readonly allowed: readonly string[] }
  | { readonly kind: "nothing" }

/** Filled at boot, then only read. */
export class Router<T> {
  readonly #root: Place<T> = place()

  /** @param path - as OpenAPI writes it: `/keys/{key}/sign`. */
  add(method: string, path: string, target: T): void {
    let at = this.#root
    for (const segment of path.slice(1).split("/")) {
      if (segment.startsWith("{")) at = at.open ??= place()
      else at = getOrAdd(at.fixed, segment)
    }
    at.byMethod.set(method, target)
  }

  /** The target, and the segments in the path's open places, in order and still encoded. */
  find(method: string, path: string): Found<T> {
    if (!path.startsWith("/")) return { kind: "nothing" }
    const search: Search = { method, path, segments: [], allowed: [] }
    const target = descend(this.#root, search, 1)
    if (target !== undefined) return { kind: "found", target, segments: search.segments }
    if (search.allowed.length === 0) return { kind: "nothing" }
    return { kind: "method", allowed: search.allowed }
  }
}

interface Search {
  readonly method: string
  readonly path: string
  readonly segments: string[]
  /** Methods seen at places that the path leads to. */
  readonly allowed: string[]
}

/** A fixed segment is tried before an open one; as deep as the tree, however long the path. */
function descend<T>(at: Place<T>, search: Search, from: number): T | undefined {
  const { path, segments } = search
  if (from > path.length) {
    const target = at.byMethod.get(search.method)
    if (target === undefined) search.allowed.push(...at.byMethod.keys())
    return target
  }
  const slash = path.indexOf("/", from)
  const end = slash < 0 ? path.length : slash
  const segment = path.slice(from, end)
  const fixed = at.fixed.get(segment)
  const target = fixed === undefined ? undefined : descend(fixed, search, end + 1)
  if (target !== undefined || at.open === undefined || segment === "") return target
  segments.push(segment)
  const behind = descend(at.open, search, end + 1)
  if (behind === undefined) segments.pop()
  return behind
}

function place<T>(): Place<T> {
  return { fixed: new Map(), open: undefined, byMethod: new Map() }
}

function getOrAdd<T>(fixed: Map<string, Place<T>>, segment: string): Place<T> {
  const known = fixed.get(segment)
  if (known !== undefined) return known
  const added: Place<T> = place()
  fixed.set(segment, added)
  return added
}
