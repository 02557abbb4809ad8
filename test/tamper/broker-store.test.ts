/**
 * A hostile broker has the whole store to read and to write, and old copies of it, but neither
 * master key nor the owners' approver keys: nothing is executed.
 */

import assert from "node:assert/strict"
import { after, before, test } from "node:test"

import type { KeyId } from "../../src/domain/ids.ts"
import { paths } from "../../src/records/kinds.ts"
import { flipBit } from "../support/flip-bit.ts"
import { copyCluster, openCluster } from "../support/stack.ts"
import { Attacker } from "./attacker.ts"
import { codeOf, tryEverything } from "./broker-probe.ts"
import { makeScene, type Scene } from "./broker-scene.ts"
import { onlyTable } from "./victim.ts"

let scene: Scene
before(async () => {
  scene = await makeScene()
})
after(() => scene.remove())

type Requests = keyof Scene["requests"]

const recordOf = (name: Requests): string => {
  const { id, partition } = scene.requests[name].request
  return paths.record(partition, "request", id)
}
const commandOf = (name: Requests): string => {
  const { id, partition } = scene.requests[name].request
  return paths.record(partition, "request-command", id)
}
const keyOf = (id: KeyId): string => paths.record(scene.a, "key", id)

interface Tampering {
  readonly what: string
  readonly attack: (attacker: Attacker) => void
  /** What the node says of it; `unnoticed`: it has no authority, and harms nobody. */
  readonly outcome: "does not start" | "TAMPERED" | "unnoticed"
}

const noticed = "TAMPERED"
const refusedAtStart = "does not start"
/** Beginning, middle and end of a row: its head, what is sealed, its tag. */
const places = [0, 1, 13, 40, -17, -1]
const rows: Readonly<Record<string, () => string>> = {
  "an open request": () => recordOf("open"),
  "an open request's command": () => commandOf("open"),
  "its key": () => keyOf(scene.pay),
}
const edits = Object.entries(rows).flatMap(([what, path]) =>
  places.map((at): Tampering => ({
    what: `${what}, edited at byte ${at}`,
    attack: (m) => m.put(path(), flipBit(m.now(path()), at)),
    outcome: noticed,
  })),
)

const tamperings: readonly Tampering[] = [
  { what: "nothing", attack: () => {}, outcome: "unnoticed" },
  ...edits,
  {
    what: "a request withdrawn in its timelock, approved again",
    attack: (m) => m.rollBack(recordOf("withdrawn")),
    outcome: noticed,
  },
  {
    what: "a rejected request, open again",
    attack: (m) => m.rollBack(recordOf("refused")),
    outcome: noticed,
  },
  {
    what: "an executed request, to be executed once more",
    attack: (m) => m.rollBack(recordOf("done")),
    outcome: noticed,
  },
  {
    what: "the same with its appointment",
    attack: (m) => {
      for (const path of m.list(`p/${scene.a}/d/`)) m.remove(path)
      const due = paths.due(scene.a, scene.cluster.clock.now(), scene.requests.done.request.id)
      m.put(due, new Uint8Array(0))
      m.rollBack(recordOf("done"))
    },
    outcome: noticed,
  },
  {
    what: "a withdrawn request with the table that pins it",
    attack: (m) => m.rollBack(recordOf("withdrawn"), onlyTable(scene.a)),
    outcome: refusedAtStart,
  },
  {
    what: "a withdrawn request with table and root",
    attack: (m) => m.rollBack(recordOf("withdrawn"), onlyTable(scene.a), paths.root(scene.a)),
    outcome: refusedAtStart,
  },
  {
    what: "a key as it was when its rule was the attacker's",
    attack: (m) => m.rollBack(keyOf(scene.taken)),
    outcome: noticed,
  },
  {
    what: "such a key with table and root",
    attack: (m) => m.rollBack(keyOf(scene.taken), onlyTable(scene.a), paths.root(scene.a)),
    outcome: refusedAtStart,
  },
  {
    what: "the attacker's approved request in the place of an open one",
    attack: (m) => m.swap(recordOf("mine"), recordOf("open")),
    outcome: noticed,
  },
  {
    what: "the attacker's command in the place of an approved one",
    attack: (m) => m.swap(commandOf("mine"), commandOf("open")),
    outcome: noticed,
  },
  {
    what: "the attacker's key under the other's id",
    attack: (m) => m.swap(keyOf(scene.own), keyOf(scene.pay)),
    outcome: noticed,
  },
  {
    what: "another partition's approved request",
    attack: (m) => m.put(recordOf("open"), m.now(recordOf("foreign"))),
    outcome: noticed,
  },
  {
    what: "another partition's approved request as a new one",
    attack: (m) => {
      const { id } = scene.requests.foreign.request
      m.put(paths.record(scene.a, "request", id), m.now(recordOf("foreign")))
      m.put(paths.record(scene.a, "request-command", id), m.now(commandOf("foreign")))
      m.put(paths.due(scene.a, scene.cluster.clock.now(), id), new Uint8Array(0))
    },
    outcome: noticed,
  },
  {
    what: "the other key's material under the attacker's",
    attack: (m) =>
      m.put(paths.material(scene.a, scene.own, 1), m.now(paths.material(scene.a, scene.pay, 1))),
    outcome: noticed,
  },
  {
    what: "the command of an open request deleted",
    attack: (m) => m.remove(commandOf("open")),
    outcome: noticed,
  },
  {
    what: "an open request deleted",
    attack: (m) => m.remove(recordOf("open")),
    outcome: "unnoticed",
  },
  {
    what: "all appointments deleted",
    attack: (m) => {
      for (const path of m.list(`p/${scene.a}/d/`)) m.remove(path)
    },
    outcome: "unnoticed",
  },
]

/** Opens a tampered copy, tries everything, and says what was noticed and which signatures left. */
async function meet({ attack }: Tampering): Promise<{ outcome: string; left: readonly string[] }> {
  const copy = await copyCluster(scene.cluster)
  try {
    const attacker = new Attacker({ now: copy.file, then: scene.earlier.file })
    attack(attacker)
    attacker.close()
    const stack = await openCluster(copy).catch((error: unknown) => {
      assert.equal(codeOf(error), "TAMPERED")
    })
    if (stack === undefined) return { outcome: refusedAtStart, left: [] }
    try {
      return await tryEverything(scene, stack)
    } finally {
      await stack.stop()
    }
  } finally {
    await copy.remove()
  }
}

for (const one of tamperings) {
  test(`${one.what}: ${one.outcome}`, async () => {
    assert.deepEqual(await meet(one), { outcome: one.outcome, left: [] })
  })
}
