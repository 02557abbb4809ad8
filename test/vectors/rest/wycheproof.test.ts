/**
 * Every Wycheproof vector of our algorithms through the API: keys are imported, then used, both in
 * batches. The table of what is refused by design is the engine's, with what no API offers.
 */
import assert from "node:assert/strict"
import { createHmac } from "node:crypto"
import { after, before, suite, test } from "node:test"

import { startDevNode, type DevNode } from "../../support/dev-node.ts"
import { base64, fields, type Fields } from "../../support/rest-client.ts"
import {
  refusalOf,
  vectorCases,
  vectorFiles,
  vectorsMissing,
  type CaseKind,
  type VectorCase,
  type VectorFileId,
} from "../wycheproof.ts"

const skip = vectorsMissing()
/** The table's keys are its files. */
const files = Object.keys(vectorFiles) as VectorFileId[]
const batchItemsMax = 1_000
/** Half of a body's bound: items differ in size. */
const batchTextMax = 2 * 1024 * 1024

/** One operation that a vector asks for, and the field of its answer that must have this value. */
interface Step {
  readonly item: Fields
  readonly field: string
  readonly value: unknown
}

type Steps = (vector: VectorCase, key: string) => readonly Step[]

const verifying: Steps = ({ msg, sig, mechanism, encoding, context }, key) => {
  const item = {
    operation: "verify",
    key,
    mechanism,
    message: base64(msg),
    signature: base64(sig),
    ...(encoding === undefined ? {} : { encoding }),
    ...(context.length === 0 ? {} : { context: base64(context) }),
  }
  return [{ item, field: "valid", value: true }]
}

const steps: Record<Exclude<CaseKind, "wrap">, Steps> = {
  cipher: ({ iv, aad, msg, ct, tag, mechanism, result }, key) => {
    const ciphertext = base64(Uint8Array.of(...ct, ...tag))
    const with_ = {
      key,
      mechanism,
      iv: base64(iv),
      ...(aad.length > 0 ? { aad: base64(aad) } : {}),
    }
    const opens = {
      item: { operation: "decryptRaw", ...with_, ciphertext },
      field: "plaintext",
      value: base64(msg),
    }
    if (result !== "valid") return [opens]
    const item = { operation: "encrypt", ...with_, plaintext: base64(msg), raw: true }
    return [opens, { item, field: "ciphertext", value: ciphertext }]
  },
  decrypt: ({ ct, msg, aad, mechanism }, key) => {
    const label = aad.length > 0 ? { aad: base64(aad) } : {}
    const item = { operation: "decryptRaw", key, mechanism, ciphertext: base64(ct), ...label }
    return [{ item, field: "plaintext", value: base64(msg) }]
  },
  verify: verifying,
  // That a fresh signature verifies is shown at the engine.
  hedged: verifying,
  sign: ({ msg, sig, mechanism }, key) => {
    const item = { operation: "sign", key, mechanism, message: base64(msg) }
    return [{ item, field: "signature", value: base64(sig) }]
  },
  kem: ({ ct, secret, mechanism }, key) => {
    const item = { operation: "decapsulate", key, mechanism, ciphertext: base64(ct) }
    return [{ item, field: "sharedSecret", value: base64(secret) }]
  },
  agree: ({ peer, secret, mechanism }, key) => {
    const item = { operation: "agree", key, mechanism, publicKey: base64(peer) }
    return [{ item, field: "sharedSecret", value: base64(secret) }]
  },
  mac: ({ msg, tag, mechanism, result }, key) => {
    const input = { key, mechanism, message: base64(msg) }
    const check = { operation: "verifyMac", ...input, mac: base64(tag) }
    const verified = { item: check, field: "valid", value: true }
    // What begins with a random IV never comes again.
    if (result !== "valid" || mechanism === "AES_GMAC") return [verified]
    return [verified, { item: { operation: "mac", ...input }, field: "mac", value: base64(tag) }]
  },
}

const usages: Record<CaseKind, readonly string[]> = {
  cipher: ["encrypt", "decrypt"],
  decrypt: ["decrypt"],
  verify: ["verify"],
  sign: ["sign"],
  hedged: ["verify"],
  mac: ["sign", "verify"],
  kem: ["decapsulate"],
  agree: ["derive"],
  wrap: ["wrap", "unwrap"],
}

/** Why a vector is not brought to the test that wraps. */
const beyondTheApi = [
  {
    reason: "not valid: nothing wraps like this; unwrapping refuses them below",
    count: 177,
    applies: ({ result }: VectorCase) => result !== "valid",
  },
  {
    reason: "no key of ours has this many bytes",
    count: 50,
    applies: ({ msg }: VectorCase) => wrappedAs(msg.length) === undefined,
  },
]

/** An algorithm whose key has so many bytes. */
function wrappedAs(length: number): string | undefined {
  if (length === 16 || length === 24) return `AES_${length * 8}`
  return length >= 32 && length <= 64 ? "HMAC_SHA_256" : undefined
}

/** How many vectors hold a key of HMAC_SHA_256, and how many do not. */
const unwrappings = [
  ["aes_kwp", { unwrapped: 9, refused: 245 }],
  ["aes_wrap", { unwrapped: 10, refused: 155 }],
] as const

suite("Wycheproof through the API", { skip }, () => {
  let node: DevNode
  before(async () => {
    node = await startDevNode()
    const flags = { legacyAlgorithms: true }
    await node.client.call(node.token("officer"), "PATCH /partition", { flags })
  })
  after(() => node.stop())

  for (const file of files.filter((one) => vectorFiles[one].kind !== "wrap")) {
    test(`the API decides all of ${file} as Wycheproof does`, async () => {
      const vectors = vectorCases(file)
      const keys = await importKeys(node, vectors)
      const accepted = await runAll(node, vectors, keys)
      const wrong = vectors.filter((vector, index) => {
        // What is acceptable to Wycheproof (legacy encodings, weak hashes) is not so here.
        const expected = vector.result === "valid" && refusalOf(vector) === undefined
        return accepted[index] !== expected
      })
      assert.deepEqual(
        wrong.map(({ id, result, flags }) => `${id} ${result} ${flags.join()}`),
        [],
      )
    })
  }

  test("a key leaves the API wrapped as aes_kwp says", async () => {
    const vectors = vectorCases("aes_kwp")
    const row = (vector: VectorCase) => beyondTheApi.find(({ applies }) => applies(vector))
    const counted = beyondTheApi.map(
      (one) => vectors.filter((vector) => row(vector) === one).length,
    )
    assert.deepEqual(
      counted,
      beyondTheApi.map(({ count }) => count),
    )
    const wrapped = vectors.filter((vector) => row(vector) === undefined)
    assert.ok(wrapped.length > 20)
    for (const vector of wrapped)
      assert.equal(await wrap(node, vector), base64(vector.ct), vector.id)
  })

  for (const [file, expected] of unwrappings) {
    test(`keys are unwrapped as ${file} says, and all else is refused alike`, async () => {
      const vectors = vectorCases(file)
      const keys = await importKeys(node, vectors)
      const outcomes = { unwrapped: 0, refused: 0 }
      for (const vector of vectors) {
        const isKey = vector.result === "valid" && wrappedAs(vector.msg.length) === "HMAC_SHA_256"
        const mac = await unwrapAndMac(node, keys.get(nameOf(vector)), vector)
        assert.equal(mac, isKey ? hmac(vector.msg) : "DECRYPTION_FAILED", vector.id)
        outcomes[isKey ? "unwrapped" : "refused"]++
      }
      assert.deepEqual(outcomes, expected)
    })
  }
})

/** The message of the MAC that tells which key was unwrapped. */
const macMessage = Buffer.from("which key is this?")

function hmac(key: Uint8Array): string {
  return createHmac("sha256", key).update(macMessage).digest("base64")
}

/** What the key that was wrapped makes of {@link macMessage}, or the code of the refusal. */
async function unwrapAndMac(
  node: DevNode,
  unwrapping: string | undefined,
  { id, ct, mechanism }: VectorCase,
): Promise<unknown> {
  const name = `${id.replace("#", ".")}.unwrapped`
  const wrapped = { name, algorithm: "HMAC_SHA_256", mechanism, wrapped: base64(ct) }
  const made = await node.send("manager", "POST", `keys/${unwrapping}/unwrap`, wrapped)
  const { id: unwrapped, code } = fields(made)
  if (typeof unwrapped !== "string") return code
  const asked = { message: base64(macMessage) }
  return fields(await node.send("user", "POST", `keys/${unwrapped}/mac`, asked))["mac"]
}

function nameOf({ algorithm, kind, key }: VectorCase): string {
  return `${algorithm} ${kind} ${key.bytes.toHex()}`
}

/** Imports each key once; undefined for those that are refused. */
async function importKeys(
  node: DevNode,
  vectors: readonly VectorCase[],
): Promise<ReadonlyMap<string, string | undefined>> {
  const wanted = [...new Map(vectors.map((vector) => [nameOf(vector), vector])).entries()]
  const results = await batch(
    node,
    "manager",
    wanted.map(([, vector], index) => importItem(vector, index)),
  )
  return new Map(
    wanted.map(([name], index) => {
      const { status, id } = results[index] ?? {}
      assert.ok(status === 201 || status === 400, JSON.stringify(results[index]))
      return [name, typeof id === "string" ? id : undefined]
    }),
  )
}

function importItem({ id, kind, algorithm, key }: VectorCase, suffix: number | string): Fields {
  const name = `${id.replace("#", ".")}.${suffix}`
  const material = base64(key.bytes)
  const { format } = key
  return { operation: "importKey", name, algorithm, format, material, usages: usages[kind] }
}

/** For each vector: true when all that it asks for came out. */
async function runAll(
  node: DevNode,
  vectors: readonly VectorCase[],
  keys: ReadonlyMap<string, string | undefined>,
): Promise<boolean[]> {
  const planned = vectors.map((vector) => {
    const key = keys.get(nameOf(vector))
    const { kind, mechanism } = vector
    if (key === undefined || mechanism === undefined || kind === "wrap") return []
    return steps[kind](vector, key)
  })
  const results = await batch(
    node,
    "user",
    planned.flat().map(({ item }) => item),
  )
  let at = 0
  return planned.map((wanted) => {
    const got = results.slice(at, (at += wanted.length))
    for (const one of got) assertRegular(one)
    const all = wanted.every(({ field, value }, index) => got[index]?.[field] === value)
    return wanted.length > 0 && all
  })
}

/** Refused or answered, never failed. */
function assertRegular({ status, code }: Fields): void {
  const known = status === 200 || code === "DECRYPTION_FAILED" || code === "MALFORMED_REQUEST"
  assert.ok(known, `${String(status)} ${String(code)}`)
}

async function batch(
  node: DevNode,
  role: "user" | "manager",
  items: readonly Fields[],
): Promise<readonly Fields[]> {
  const all: Fields[] = []
  for (const operations of portions(items)) {
    const { results } = await node.client.call<{ results: readonly Fields[] }>(
      node.token(role),
      "POST /batch",
      { operations },
    )
    assert.equal(results.length, operations.length)
    all.push(...results)
  }
  return all
}

/** Runs of items within the bounds of one batch. */
function* portions(items: readonly Fields[]): Generator<readonly Fields[]> {
  let portion: Fields[] = []
  let length = 0
  for (const item of items) {
    const size = JSON.stringify(item).length
    if (portion.length === batchItemsMax || length + size > batchTextMax) {
      yield portion
      portion = []
      length = 0
    }
    portion.push(item)
    length += size
  }
  if (portion.length > 0) yield portion
}

/** The vector's message, imported as a key and exported under the vector's key. */
async function wrap(node: DevNode, vector: VectorCase): Promise<unknown> {
  const { client } = node
  const importing = { ...importItem(vector, "wrapping"), operation: undefined }
  const wrapping = await client.call(node.token("manager"), "POST /keys/import", importing)
  await client.call(node.token("officer"), `POST /keys/${String(wrapping["id"])}/trust`, {
    trusted: true,
  })
  const target = await client.call(node.token("manager"), "POST /keys/import", {
    name: `${vector.id.replace("#", ".")}.target`,
    algorithm: wrappedAs(vector.msg.length),
    format: "raw",
    material: base64(vector.msg),
    extractable: true,
  })
  const exported = await client.call(
    node.token("manager"),
    `POST /keys/${String(target["id"])}/export`,
    { wrappingKey: wrapping["id"] },
  )
  return exported["material"]
}
