/** The face over real services in this process: whatever comes has an answer of the protocol's. */
import assert from "node:assert/strict"
import { after, test } from "node:test"

import {
  assert as check,
  asyncProperty,
  constantFrom,
  integer,
  tuple,
  uint8Array,
} from "fast-check"

import { derContent, derElements, derTags, readDer } from "../../../src/codec/der.ts"
import { timestampQuery } from "../../../src/codec/timestamp-query.ts"
import { sequence, writeDer } from "../../../src/codec/der.ts"
import { errorCodes, HsmError } from "../../../src/domain/errors.ts"
import { limits } from "../../../src/domain/limits.ts"
import type { Grant, Role } from "../../../src/domain/principal.ts"
import { getsTimestampsAlone } from "../../../src/domain/timestamp.ts"
import { createTspFace, ownsTsp, refuseTsp } from "../../../src/faces/tsp/face.ts"
import { storeCertificate } from "../../../src/service/certificates.ts"
import { createKey } from "../../../src/service/create-key.ts"
import { selfSign } from "../../../src/service/issue-certificate.ts"
import { memoryStack } from "../../support/stack.ts"

const { stack, as } = await memoryStack()
const { ports, clock } = stack
const manager = as("manager")
after(() => stack.cluster.remove())
await createKey(ports, manager, { name: "tsa", algorithm: "EC_P256" })
const { chain } = await selfSign(ports, manager, {
  key: "tsa",
  subject: "CN=tsa",
  extendedKeyUsage: ["timeStamping"],
})
await storeCertificate(ports, manager, { key: "tsa", chain })

const unexpected: unknown[] = []
const face = createTspFace({
  ports: () => ports,
  authenticate: () => Promise.resolve(as("user").caller),
  onUnexpected: (error) => unexpected.push(error),
})
const one = Uint8Array.of(derTags.integer, 1, 1)
const nonce = writeDer(derTags.integer, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8))
const { imprint } = timestampQuery({ digest: new Uint8Array(32).fill(7) })
const whole = sequence(one, imprint, nonce, Uint8Array.of(derTags.boolean, 1, 0xff))

interface Answer {
  readonly status: number
  /** PKIStatus: granted or rejection. */
  readonly word: number | undefined
  readonly parts: number
}

async function ask(body: Uint8Array): Promise<Answer> {
  const headers: Readonly<Record<string, string>> = {
    "content-type": "application/timestamp-query",
  }
  const reply = await face({
    method: "POST",
    path: "/tsp/tsa",
    query: "",
    header: (name) => headers[name],
    body,
    requestId: "request",
    peer: { address: "127.0.0.1" },
  })
  assert.equal(reply.headers["content-type"], "application/timestamp-reply")
  assert.ok(reply.body instanceof Uint8Array)
  return { status: reply.status, ...readResponse(reply.body) }
}

/** A TimeStampResp: with a token if it is granted, with a failure if it is not. */
function readResponse(response: Uint8Array): Omit<Answer, "status"> {
  const [outer, ...after] = readDer(response, "/response")
  assert.equal(after.length, 0)
  const parts = derElements(outer, "/response")
  const [status] = derElements(parts[0], "/response")
  return { word: derContent(status, derTags.integer, "/status")[0], parts: parts.length }
}

test("a request that holds is granted", async () => {
  assert.deepEqual(await ask(whole), { status: 200, word: 0, parts: 2 })
})

test("a thousand mutated requests are all answered, and none is a bug", async () => {
  const mutation = tuple(
    integer({ min: 0, max: whole.length }),
    constantFrom(0, 1, 4),
    uint8Array({ maxLength: 4 }),
  )
  const seen = new Set<string>()
  await check(
    asyncProperty(mutation, async ([at, skip, put]) => {
      const body = Buffer.concat([whole.subarray(0, at), put, whole.subarray(at + skip)])
      const { status, word, parts } = await ask(body)
      assert.equal(status, 200)
      assert.equal(parts, word === 0 ? 2 : 1)
      seen.add(String(word))
    }),
    { numRuns: 1_000 },
  )
  assert.deepEqual([...seen].toSorted(), ["0", "2"])
  assert.deepEqual(unexpected, [])
})

test("what is longer than any request, or comes while time is in doubt, is refused", async () => {
  const long = new Uint8Array(limits.timestampQueryBytesMax + 1)
  assert.deepEqual(await ask(long), { status: 413, word: 2, parts: 1 })
  clock.sure = false
  assert.deepEqual(await ask(whole), { status: 200, word: 2, parts: 1 })
  clock.sure = true
})

test("every code of ours is an answer of the protocol's", () => {
  for (const code of errorCodes) {
    const { status, body } = refuseTsp(new HsmError(code, "why"), "request")
    assert.ok(status >= 400, code)
    assert.ok(body instanceof Uint8Array)
    assert.deepEqual(readResponse(body), { word: 2, parts: 1 }, code)
    assert.ok(!Buffer.from(body).includes("why"), code)
  }
})

function owns(path: string): boolean {
  return ownsTsp({ method: "POST", path, query: "", header: () => undefined })
}

test("its paths are its own, and no others", () => {
  const partition = "01k2v7x9q4m8w3r5t6y1z0a2bc"
  for (const path of ["/tsp", "/tsp/", "/tsp/a", "/tsp/a/b/c", `/p/${partition}/tsp/a`]) {
    assert.ok(owns(path), path)
  }
  for (const path of [
    "/",
    "/tspa",
    "/api/v1/tsp/a",
    `/p/${partition}/v1/key`,
    "/xks/tsp/kms/xks/v1",
  ]) {
    assert.ok(!owns(path), path)
  }
})

test("a token may stand in an address only if it gives nothing but timestamps", () => {
  const alone: Grant = { operations: ["key.timestamp"] }
  const named: Grant = { operations: ["key.timestamp"], keyNames: "tsa" }
  const table: readonly (readonly [boolean, readonly Role[], readonly Grant[]])[] = [
    [true, ["user"], [alone]],
    [true, ["user"], [alone, named]],
    [false, ["user"], []],
    [false, ["user"], [{}]],
    [false, ["user"], [{ keyNames: "tsa" }]],
    [false, ["user"], [{ operations: [] }]],
    [false, ["user"], [alone, {}]],
    [false, ["user"], [{ operations: ["key.timestamp", "key.sign"] }]],
    [false, ["user", "manager"], [alone]],
    [false, ["auditor"], [alone]],
  ]
  for (const [expected, roles, grants] of table) {
    assert.equal(getsTimestampsAlone({ roles, grants }), expected, JSON.stringify([roles, grants]))
  }
})
