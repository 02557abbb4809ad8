/**
 * A Merkle tree whose lower part is made again when it is needed: what is stored are the nodes from
 * {@link subtreeHeight} up, as they count in RFC 8554 section 5.3 (1 is the root, 2n and 2n+1 are
 * the children of n).
 */

/** 32 leaves are made at once, when the first of them signs. */
export const subtreeHeight = 5

/** How a scheme makes its nodes. */
export interface TreeHash {
  readonly height: number
  /** Of every node. */
  readonly bytes: number
  readonly leaf: (index: number) => Uint8Array
  readonly parent: (node: number, children: readonly [Uint8Array, Uint8Array]) => Uint8Array
}

/** Nodes by number; those below are of one subtree at a time. */
export type Nodes = ReadonlyMap<number, Uint8Array>

/** Everything below and including the root of the subtree that holds a leaf. */
export function makeSubtree(tree: TreeHash, index: number): Nodes {
  const height = Math.min(subtreeHeight, tree.height)
  const count = 2 ** height
  const first = index - (index % count)
  const nodes = new Map<number, Uint8Array>()
  for (let at = first; at < first + count; at++) nodes.set(2 ** tree.height + at, tree.leaf(at))
  const root = (2 ** tree.height + first) >> height
  for (let level = height - 1; level >= 0; level--) {
    const start = root * 2 ** level
    for (let node = start; node < start + 2 ** level; node++) combine(tree, nodes, node)
  }
  return nodes
}

/**
 * The nodes that are stored, from the root on: of 2^height leaves, each made once.
 *
 * @param onSubtree - hears how many of the subtrees are done.
 */
export function makeUpper(
  tree: TreeHash,
  onSubtree: (done: number) => void = () => {},
): Uint8Array {
  const depth = Math.max(tree.height - subtreeHeight, 0)
  const count = 2 ** depth
  const nodes = new Map<number, Uint8Array>()
  for (let at = 0; at < count; at++) {
    const root = makeSubtree(tree, at * 2 ** subtreeHeight).get(count + at)
    if (root !== undefined) nodes.set(count + at, root)
    onSubtree(at + 1)
  }
  for (let node = count - 1; node >= 1; node--) combine(tree, nodes, node)
  const stored = new Uint8Array((2 * count - 1) * tree.bytes)
  for (const [node, value] of nodes) stored.set(value, (node - 1) * tree.bytes)
  return stored
}

/** The siblings on the way from a leaf to the root. */
export function authenticationPath(
  tree: TreeHash,
  index: number,
  { stored, subtree }: { readonly stored: Uint8Array; readonly subtree: Nodes },
): Uint8Array[] {
  return Array.from({ length: tree.height }, (_, level) => {
    const sibling = ((2 ** tree.height + index) >> level) ^ 1
    const below = subtree.get(sibling)
    if (below !== undefined) return below
    return stored.subarray((sibling - 1) * tree.bytes, sibling * tree.bytes)
  })
}

function combine(tree: TreeHash, nodes: Map<number, Uint8Array>, node: number): void {
  const [left, right] = [nodes.get(2 * node), nodes.get(2 * node + 1)]
  if (left === undefined || right === undefined) throw new RangeError("a child is missing")
  nodes.set(node, tree.parent(node, [left, right]))
}
