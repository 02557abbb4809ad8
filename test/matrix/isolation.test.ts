/** What another partition has does not show: not by name, not in lists, not through a batch. */

import assert from "node:assert/strict"
import { after, before, suite, test } from "node:test"

import type { Answer, Fields } from "../support/rest-client.ts"
import { rowOf, type Role, type RowId } from "./expected.ts"
import { endpoints, requests } from "./requests.ts"
import { freshName } from "./governed.ts"
import { absentObjects, makeWorld, type Objects, type World } from "./world.ts"

/** Operations that may stand in a batch; the names are rows of the table. */
const inBatch = [
  "encrypt",
  "decrypt",
  "decryptRaw",
  "sign",
  "verify",
  "mac",
  "verifyMac",
  "generateDataKey",
  "deriveAddress",
  "derivePublic",
  "encapsulate",
  "decapsulate",
  "agree",
  "random",
  "createKey",
  "importKey",
  "deleteKey",
] as const satisfies readonly RowId[]

let world: World

suite("isolation of partitions", () => {
  before(async () => {
    world = await makeWorld()
  })
  after(() => world.node.stop())

  // First those that look for what nobody has asked for yet.
  test("lists and the log name nothing of another partition", checkLists)
  test("the log of a foreign key is as empty as that of no key", checkLogOfKey)
  test("a batch's items are decided as their own calls", checkBatch)
  test("a foreign key's name is like no name, and free to take", checkNames)
  test("a page cannot be continued into another partition", checkPages)
  test("an idempotency key belongs to its partition and its caller", checkIdempotency)
  test("a token's parts do not mix: one partition's secret under another's name", checkTokens)
})

async function checkLists(): Promise<void> {
  const { own, other, cluster, node } = world
  const foreign = [
    ...Object.values(other.objects.keys),
    other.objects.principal,
    other.objects.issuer,
    other.partition,
  ]
  const lists = [
    [own.tokens.officer, "keys?limit=1000", own.objects.keys.cipher],
    [own.tokens.officer, "principals?limit=1000", own.objects.principal],
    [own.tokens.officer, "issuers?limit=1000", own.objects.issuer],
    [own.tokens.auditor, "audit/records?limit=1000", own.objects.keys.cipher],
    [own.tokens.auditor, "audit/export", own.objects.keys.cipher],
    [cluster.tokens["cluster-officer"], "principals?limit=1000", cluster.objects.principal],
  ] as const
  for (const [token, path, present] of lists) {
    const answer = await node.client.send("GET", `/api/v1/${path}`, { token })
    assert.equal(answer.status, 200)
    if (path !== "audit/export") assert.ok(answer.text.includes(present), `${path} is not empty`)
    for (const id of foreign) assert.ok(!answer.text.includes(id), `${path} names ${id}`)
  }
}

async function checkLogOfKey(): Promise<void> {
  const { own, other, node } = world
  const ask = (key: string) => node.client.call(own.tokens.auditor, `GET /audit/records?key=${key}`)
  const absent = absentObjects(other.objects)
  assert.deepEqual(await ask(other.objects.keys.cipher), await ask(absent.keys.cipher))
  const mine = await ask(own.objects.keys.cipher)
  assert.notDeepEqual(mine, await ask(absent.keys.cipher))
}

async function checkBatch(): Promise<void> {
  const listed = endpoints.filter(({ operation }) => operation["x-batch"]).map(({ id }) => id)
  assert.deepEqual(listed.toSorted(), inBatch.toSorted())
  const { own, other } = world
  const absent = absentObjects(other.objects)
  for (const role of ["manager", "auditor", "officer", "user"] as const) {
    // The manager's turn deletes a key of his own; the others work on the shared ones.
    for (const [relation, objects] of [
      ["own", own],
      ["foreign", other],
    ] as const) {
      const got = await batch(role, objects.objects)
      for (const [index, id] of inBatch.entries()) {
        const { ok, hidden, may } = rowOf(id)
        const permitted = may.includes(role)
        const isHidden = relation === "foreign" && hidden !== undefined
        const status = isHidden ? hidden.status : permitted ? ok : 403
        assert.equal(got[index]?.["status"], status, `${id} by ${role}, ${relation}`)
      }
    }
    assert.deepEqual(
      await batch(role, other.objects, hiddenRows),
      await batch(role, absent, hiddenRows),
    )
  }
}

async function checkNames(): Promise<void> {
  const { own, other, node } = world
  const name = freshName()
  await node.client.call(other.tokens.manager, "POST /keys", { name, algorithm: "AES_256" })
  const none = freshName()
  for (const role of ["user", "manager", "auditor", "officer"] as const) {
    const ask = (key: string) =>
      node.client.send("GET", `/api/v1/keys/${key}`, { token: own.tokens[role] })
    const [foreign, absent] = [await ask(name), await ask(none)]
    assert.equal(foreign.status, 404)
    assert.equal(bare(foreign), bare(absent))
  }
  const body = { name, algorithm: "AES_256" }
  await node.client.call(own.tokens.manager, "POST /keys", body)
  const again = await node.client.send("POST", "/api/v1/keys", {
    token: own.tokens.manager,
    body,
  })
  assert.equal(again.status, 409)
}

async function checkPages(): Promise<void> {
  const { own, other, node } = world
  for (const after of [other.objects.keys.cipher, other.partition, "../", "%2e%2e%2f", "/"]) {
    const path = `/api/v1/keys?limit=1000&after=${encodeURIComponent(after)}`
    const { status, text } = await node.client.send("GET", path, { token: own.tokens.user })
    assert.ok(status === 200 || status === 400, text)
    for (const id of Object.values(other.objects.keys)) assert.ok(!text.includes(id))
  }
}

async function checkIdempotency(): Promise<void> {
  const { own, other, node } = world
  const headers = { "idempotency-key": "the-same" }
  const make = async (token: string | undefined) => {
    const body = { name: freshName(), algorithm: "AES_256" }
    const { status } = await node.client.send("POST", "/api/v1/keys", { token, body, headers })
    return status
  }
  assert.equal(await make(own.tokens.manager), 201)
  assert.equal(await make(other.tokens.manager), 201)
  assert.equal(await make(own.tokens.manager), 422)
}

async function checkTokens(): Promise<void> {
  const { own, other, node } = world
  const [, , id = "", secret = ""] = (own.tokens.user ?? "").split("_")
  for (const partition of [other.partition, world.cluster.partition]) {
    const token = `kh1_${partition}_${id}_${secret}`
    const { status } = await node.client.send("GET", "/api/v1/whoami", { token })
    assert.equal(status, 401)
  }
}

const hiddenRows = inBatch.filter((id) => rowOf(id).hidden !== undefined)

async function batch(
  role: Exclude<Role, "operator" | "cluster-officer">,
  objects: Objects,
  ids: readonly RowId[] = inBatch,
): Promise<readonly Fields[]> {
  const { own, node } = world
  const operations = ids.map((operation) => {
    const { params, body } = requests[operation]({
      objects,
      mine: own.objects,
      role: "user",
      caller: "user",
    })
    const { windowSeconds, ...names } = params ?? {}
    // In a batch a query's number is a number.
    const window = windowSeconds === undefined ? {} : { windowSeconds: 86_400 }
    return { operation, ...names, ...window, ...body }
  })
  const made = await node.client.call<{ results: readonly Fields[] }>(
    own.tokens[role],
    "POST /batch",
    { operations },
  )
  if (role === "manager" && objects === own.objects) {
    await node.client.call(own.tokens.manager, `POST /keys/${objects.keys.cipher}/cancel-deletion`)
  }
  return made.results
}

/** An answer's status and text without its request id. */
function bare({ status, text, headers }: Answer): string {
  return `${status} ${text.replaceAll(String(headers["x-request-id"]), "")}`
}
