/** Attacks on single rows of the database, and the one outcome that each has. */

import assert from "node:assert/strict"

import type { HsmError } from "../../src/domain/errors.ts"
import { clusterPartition, parseId, type KeyId } from "../../src/domain/ids.ts"
import { paths } from "../../src/records/kinds.ts"
import { decrypt, encrypt } from "../../src/service/encrypt.ts"
import { listKeys } from "../../src/service/read-key.ts"
import { contextOf, type Stack } from "../support/stack.ts"
import type { Attacker } from "./attacker.ts"
import { onlyTable, type Victim } from "./victim.ts"

/** What somebody tries on the tampered node. `done` is the outcome when nobody is the wiser. */
type Probe = (stack: Stack, on: Victim) => Promise<unknown>
const user = (on: Victim) => contextOf("user", on.a)
export const decryptOf =
  (name: keyof Victim["ciphertexts"]): Probe =>
  ({ ports }, on) =>
    decrypt(ports, user(on), { ciphertext: on.ciphertexts[name] })
const encryptUnder =
  (key: (on: Victim) => string, partition: "a" | "b" = "a"): Probe =>
  ({ ports }, on) =>
    encrypt(ports, contextOf("user", on[partition]), {
      key: key(on),
      plaintext: Buffer.from("probe"),
    })
const byName = (name: string): Probe => encryptUnder(() => name)
const login: Probe = async ({ operational }, { principal, stranger }) => {
  const { authenticator } = operational
  const caller = await authenticator.authenticate({ bearer: principal.token, address: "192.0.2.1" })
  assert.equal(caller.subject, principal.id)
  assert.notEqual(caller.subject, stranger.id)
  assert.deepEqual(caller.roles, ["user"])
}
const list: Probe = ({ ports }, on) => listKeys(ports, contextOf("manager", on.a), {})

export interface Case {
  readonly what: string
  readonly attack: (attacker: Attacker, on: Victim) => void
  readonly probe: Probe
  /** `start`: the node refuses to start; otherwise what the probe meets. */
  readonly outcome: "done" | HsmError["code"] | "start: TAMPERED"
}

const record = ({ a }: Victim, id: string): string => paths.record(a, "key", parseKey(id))
const material = ({ a }: Victim, id: KeyId, version = 1): string => paths.material(a, id, version)
function parseKey(id: string): KeyId {
  const parsed = parseId<KeyId>(id)
  assert.ok(parsed)
  return parsed
}

export const cases: readonly Case[] = [
  // Nothing done: the twin of every row below.
  { what: "nothing", attack: () => {}, probe: decryptOf("orders"), outcome: "done" },
  { what: "nothing", attack: () => {}, probe: byName("orders"), outcome: "done" },
  { what: "nothing", attack: () => {}, probe: decryptOf("paused"), outcome: "KEY_STATE" },
  { what: "nothing", attack: () => {}, probe: login, outcome: "done" },
  { what: "nothing", attack: () => {}, probe: list, outcome: "done" },

  {
    what: "a key's record edited",
    attack: (m, v) => m.edit(record(v, v.orders)),
    probe: byName("orders"),
    outcome: "TAMPERED",
  },
  {
    what: "a key's record cut short",
    attack: (m, v) => m.put(record(v, v.orders), new Uint8Array(4)),
    probe: byName("orders"),
    outcome: "TAMPERED",
  },
  {
    what: "a key's record edited: another key",
    attack: (m, v) => m.edit(record(v, v.orders)),
    probe: byName("second"),
    outcome: "done",
  },
  {
    what: "a disabled key's record rolled back",
    attack: (m, v) => m.rollBack(record(v, v.paused)),
    probe: decryptOf("paused"),
    outcome: "TAMPERED",
  },
  {
    what: "two keys' records swapped",
    attack: (m, v) => m.swap(record(v, v.orders), record(v, v.second)),
    probe: decryptOf("orders"),
    outcome: "TAMPERED",
  },
  {
    what: "a record moved into another partition",
    attack: (m, v) => m.put(paths.record(v.b, "key", v.orders), m.now(record(v, v.orders))),
    probe: encryptUnder((v) => v.orders, "b"),
    outcome: "TAMPERED",
  },
  {
    what: "another partition's record in its place",
    attack: (m, v) => m.put(record(v, v.orders), m.now(paths.record(v.b, "key", v.foreign))),
    probe: decryptOf("orders"),
    outcome: "TAMPERED",
  },
  {
    what: "a record forged under a new id",
    attack: (m, v) => m.put(record(v, "7".repeat(26)), m.now(record(v, v.orders))),
    probe: encryptUnder(() => "7".repeat(26)),
    outcome: "TAMPERED",
  },
  {
    what: "a record deleted",
    attack: (m, v) => m.remove(record(v, v.orders)),
    probe: decryptOf("orders"),
    outcome: "DECRYPTION_FAILED",
  },
  {
    what: "a record deleted",
    attack: (m, v) => m.remove(record(v, v.orders)),
    probe: encryptUnder((v) => v.orders),
    outcome: "KEY_NOT_FOUND",
  },
  {
    what: "a destroyed key's record and material put back",
    attack: (m, v) => m.rollBack(record(v, v.gone), material(v, v.gone)),
    probe: decryptOf("gone"),
    outcome: "TAMPERED",
  },

  {
    what: "material edited",
    attack: (m, v) => m.edit(material(v, v.orders)),
    probe: decryptOf("orders"),
    outcome: "TAMPERED",
  },
  {
    what: "material cut short",
    attack: (m, v) => m.put(material(v, v.orders), new Uint8Array(4)),
    probe: decryptOf("orders"),
    outcome: "TAMPERED",
  },
  {
    what: "material of two versions swapped",
    attack: (m, v) => m.swap(material(v, v.orders, 1), material(v, v.orders, 2)),
    probe: byName("orders"),
    outcome: "TAMPERED",
  },
  {
    what: "material of two keys swapped",
    attack: (m, v) => m.swap(material(v, v.orders), material(v, v.second)),
    probe: decryptOf("orders"),
    outcome: "TAMPERED",
  },
  {
    what: "another partition's material",
    attack: (m, v) => m.put(material(v, v.orders), m.now(paths.material(v.b, v.foreign, 1))),
    probe: decryptOf("orders"),
    outcome: "TAMPERED",
  },
  {
    what: "material deleted",
    attack: (m, v) => m.remove(material(v, v.orders)),
    probe: decryptOf("orders"),
    outcome: "TAMPERED",
  },
  {
    what: "a destroyed key's material put back",
    attack: (m, v) => m.rollBack(material(v, v.gone)),
    probe: decryptOf("gone"),
    outcome: "KEY_STATE",
  },

  {
    what: "a bucket table edited",
    attack: (m, v) => m.edit(onlyTable(v.a)),
    probe: byName("orders"),
    outcome: "TAMPERED",
  },
  {
    what: "a bucket table edited: another partition",
    attack: (m, v) => m.edit(onlyTable(v.a)),
    probe: encryptUnder(() => "foreign", "b"),
    outcome: "done",
  },
  {
    what: "a bucket table rolled back",
    attack: (m, v) => m.rollBack(onlyTable(v.a)),
    probe: byName("orders"),
    outcome: "start: TAMPERED",
  },
  {
    what: "a record rolled back with its bucket table",
    attack: (m, v) => m.rollBack(record(v, v.paused), onlyTable(v.a)),
    probe: decryptOf("paused"),
    outcome: "start: TAMPERED",
  },
  {
    what: "two partitions' bucket tables swapped",
    attack: (m, v) => m.swap(onlyTable(v.a), onlyTable(v.b)),
    probe: byName("orders"),
    outcome: "start: TAMPERED",
  },
  {
    what: "a bucket table deleted",
    attack: (m, v) => m.remove(onlyTable(v.a)),
    probe: byName("orders"),
    outcome: "start: TAMPERED",
  },
  {
    what: "a bucket table added",
    attack: (m, v) => m.put(paths.table(v.a, 1), m.now(onlyTable(v.a))),
    probe: byName("orders"),
    outcome: "start: TAMPERED",
  },

  {
    what: "a root edited",
    attack: (m, v) => m.edit(paths.root(v.a)),
    probe: byName("orders"),
    outcome: "start: TAMPERED",
  },
  {
    what: "a root rolled back",
    attack: (m, v) => m.rollBack(paths.root(v.a)),
    probe: byName("orders"),
    outcome: "start: TAMPERED",
  },
  {
    what: "two partitions' roots swapped",
    attack: (m, v) => m.swap(paths.root(v.a), paths.root(v.b)),
    probe: byName("orders"),
    outcome: "start: TAMPERED",
  },
  {
    what: "a root deleted",
    attack: (m, v) => m.remove(paths.root(v.a)),
    probe: byName("orders"),
    outcome: "start: TAMPERED",
  },
  {
    what: "a whole partition rolled back",
    attack: rollBackPartition,
    probe: decryptOf("gone"),
    outcome: "start: TAMPERED",
  },

  {
    what: "a principal edited",
    attack: (m, v) => m.edit(paths.record(v.a, "principal", v.principal.id)),
    probe: login,
    outcome: "TAMPERED",
  },
  {
    what: "a principal rolled back to more roles",
    attack: (m, v) => m.rollBack(paths.record(v.a, "principal", v.principal.id)),
    probe: login,
    outcome: "TAMPERED",
  },
  {
    what: "two principals swapped",
    attack: (m, v) =>
      m.swap(
        paths.record(v.a, "principal", v.principal.id),
        paths.record(v.a, "principal", v.stranger.id),
      ),
    probe: login,
    outcome: "TAMPERED",
  },
  {
    what: "the partition's flags rolled back",
    attack: (m, v) => m.rollBack(paths.record(v.a, "partition", v.a)),
    probe: byName("orders"),
    outcome: "TAMPERED",
  },
  {
    what: "the partition's master key edited",
    attack: (m, v) => m.edit(paths.partitionKeys(v.a)),
    probe: byName("orders"),
    outcome: "start: TAMPERED",
  },
  {
    what: "two partitions' master keys swapped",
    attack: (m, v) => m.swap(paths.partitionKeys(v.a), paths.partitionKeys(v.b)),
    probe: byName("orders"),
    outcome: "start: TAMPERED",
  },
  {
    what: "the cluster's epoch record edited",
    attack: (m) => m.edit(paths.record(clusterPartition, "epoch", "current")),
    probe: byName("orders"),
    outcome: "start: TAMPERED",
  },

  // Index rows hold no authority: whoever moves them denies service, and nothing else.
  {
    what: "an index row led to another key",
    attack: (m, v) => redirect(m, v, "key-name", v.orders, v.second),
    probe: byName("orders"),
    outcome: "KEY_NOT_FOUND",
  },
  {
    what: "an index row led to another key",
    attack: (m, v) => redirect(m, v, "key-name", v.orders, v.second),
    probe: decryptOf("orders"),
    outcome: "done",
  },
  {
    what: "an index row deleted",
    attack: (m, v) => m.remove(pointer(m, v, "key-name", v.orders)),
    probe: byName("orders"),
    outcome: "KEY_NOT_FOUND",
  },
  {
    what: "an index row deleted",
    attack: (m, v) => m.remove(pointer(m, v, "key-name", v.orders)),
    probe: encryptUnder((v) => v.orders),
    outcome: "done",
  },
  {
    what: "a credential led to somebody else",
    attack: (m, v) => redirect(m, v, "credential", v.principal.id, v.stranger.id),
    probe: login,
    outcome: "UNAUTHENTICATED",
  },
  {
    what: "a credential deleted",
    attack: (m, v) => m.remove(pointer(m, v, "credential", v.principal.id)),
    probe: login,
    outcome: "UNAUTHENTICATED",
  },
  {
    what: "garbage among the keys",
    attack: (m, v) => m.put(record(v, "7".repeat(26)), Buffer.alloc(200, 7)),
    probe: list,
    outcome: "TAMPERED",
  },
]

/** The row of an index that leads to `id`. */
function pointer(attacker: Attacker, { a }: Victim, index: "key-name" | "credential", id: string) {
  const rows = attacker.list(`p/${a}/x/${index}/`)
  const found = rows.find((path) => Buffer.from(attacker.now(path)).toString("latin1") === id)
  assert.ok(found !== undefined)
  return found
}

function redirect(
  attacker: Attacker,
  on: Victim,
  index: "key-name" | "credential",
  from: string,
  to: string,
): void {
  attacker.put(pointer(attacker, on, index, from), Buffer.from(to, "latin1"))
}

/** Every row of partition a as it was: consistent in itself. */
export function rollBackPartition(attacker: Attacker, on: Victim): void {
  for (const path of attacker.list(`p/${on.a}/`)) {
    if (path.includes(`/m/${on.orders}/2`)) attacker.remove(path)
    else attacker.rollBack(path)
  }
  attacker.rollBack(material(on, on.gone))
}
