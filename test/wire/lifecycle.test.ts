/** The life of a key, from its creation to the proof of its end, over HTTPS. */

import assert from "node:assert/strict"
import { after, before, suite, test } from "node:test"

import { startDevNode, type DevNode } from "../support/dev-node.ts"
import { base64, bytes, fields, type Fields } from "../support/rest-client.ts"

interface Key extends Fields {
  readonly id: string
  readonly state: string
  readonly revision: number
  readonly versions: readonly { readonly version: number }[]
}

let node: DevNode
let count = 0

suite("the life of a key", () => {
  before(async () => {
    node = await startDevNode()
  })
  after(() => node.stop())

  test("after a rotation, old ciphertexts open until the minimum version passes them", rotation)
  test("a rotation repeated under its idempotency key makes one version", repeatedRotation)
  test("a disabled key serves nothing, and everything again when enabled", disabling)
  test("a deletion can be taken back within its window, as the key was", window)
  test("an officer purges a key that waits, and its receipt verifies", purge)
  test("with the flag invalidation, a deleted key lies in the bin for officers", bin)
  test("a destroyed key's name is free, and its ciphertexts open no more", reuse)
  test("attributes only become stricter", attributes)
  test("a change names the revision it saw, and not an old one", revisions)
  test("export needs the flag, an extractable key and a trusted target", exporting)
  test("a key that wraps cannot decrypt, and is trusted by officers alone", wrapping)
  test("lists filter by name, tag, state and algorithm, a page at a time", lists)
})

async function create(template: Fields = {}): Promise<Key> {
  count += 1
  const body = { name: `life-${count}`, algorithm: "AES_256", ...template }
  return await node.client.call<Key>(node.token("manager"), "POST /keys", body)
}

async function manage(method: string, path: string, body?: Fields): Promise<Key> {
  return await node.client.call<Key>(node.token("manager"), `${method} /keys/${path}`, body)
}

async function govern(path: string, body?: Fields): Promise<Key> {
  return await node.client.call<Key>(node.token("officer"), `POST /keys/${path}`, body)
}

/** Status and code of what is refused. */
async function refusal(role: "user" | "manager" | "officer", route: string, body?: Fields) {
  const [method = "", path = ""] = route.split(" ")
  const answer = await node.client.send(method, `/api/v1${path}`, { token: node.token(role), body })
  if (answer.status < 300) return [answer.status, undefined]
  return [answer.status, fields(answer)["code"]]
}

async function encrypt(key: Key, text = "text"): Promise<{ ciphertext: string; version: number }> {
  const body = { plaintext: base64(text) }
  return await node.client.call(node.token("user"), `POST /keys/${key.id}/encrypt`, body)
}

const decrypt = (ciphertext: string) => refusal("user", "POST /decrypt", { ciphertext })

async function flags(some: Fields): Promise<void> {
  await node.client.call(node.token("officer"), "PATCH /partition", { flags: some })
}

async function rotation(): Promise<void> {
  const key = await create()
  const first = await encrypt(key)
  assert.deepEqual((await manage("POST", `${key.id}/rotate`))["currentVersion"], 2)
  const second = await encrypt(key)
  assert.deepEqual([first.version, second.version], [1, 2])
  assert.deepEqual(await decrypt(first.ciphertext), [200, undefined])
  await manage("PATCH", key.id, { minVersion: 2 })
  assert.deepEqual(await decrypt(first.ciphertext), [422, "DECRYPTION_FAILED"])
  assert.deepEqual(await decrypt(second.ciphertext), [200, undefined])
  assert.equal((await refusal("manager", `PATCH /keys/${key.id}`, { minVersion: 3 }))[0], 400)
  await manage("PATCH", key.id, { minVersion: 1 })
  assert.deepEqual(await decrypt(first.ciphertext), [200, undefined])
}

async function repeatedRotation(): Promise<void> {
  const key = await create()
  const headers = { "idempotency-key": `rotate-${key.id}` }
  const token = node.token("manager")
  const rotate = () => node.client.send("POST", `/api/v1/keys/${key.id}/rotate`, { token, headers })
  const answers = await Promise.all([rotate(), rotate(), rotate()])
  for (const answer of [...answers, await rotate()]) {
    assert.equal(answer.status, 200, answer.text)
    assert.equal(fields(answer)["currentVersion"], 2)
  }
  assert.equal((await manage("GET", key.id)).versions.length, 2)
}

async function disabling(): Promise<void> {
  const key = await create()
  const { ciphertext } = await encrypt(key)
  assert.equal((await manage("POST", `${key.id}/disable`)).state, "disabled")
  assert.deepEqual(await decrypt(ciphertext), [409, "KEY_STATE"])
  const body = { plaintext: base64("text") }
  assert.equal((await refusal("user", `POST /keys/${key.id}/encrypt`, body))[0], 409)
  assert.equal((await manage("POST", `${key.id}/enable`)).state, "active")
  assert.deepEqual(await decrypt(ciphertext), [200, undefined])
}

async function window(): Promise<void> {
  const key = await create()
  const { ciphertext } = await encrypt(key)
  await manage("POST", `${key.id}/disable`)
  const deleting = await manage("DELETE", `${key.id}?windowSeconds=3600`)
  assert.equal(deleting.state, "deleting")
  assert.ok(Date.parse(String(deleting["deleteAt"])) > Date.now() + 3_500_000)
  assert.deepEqual(await decrypt(ciphertext), [409, "KEY_STATE"])
  assert.deepEqual(await refusal("manager", `POST /keys/${key.id}/enable`), [409, "KEY_STATE"])
  const taken = { name: String(key["name"]), algorithm: "AES_256" }
  assert.deepEqual(await refusal("manager", "POST /keys", taken), [409, "NAME_TAKEN"])
  const back = await manage("POST", `${key.id}/cancel-deletion`)
  assert.deepEqual([back.state, back["deleteAt"]], ["disabled", undefined])
  await manage("POST", `${key.id}/enable`)
  assert.deepEqual(await decrypt(ciphertext), [200, undefined])
}

async function purge(): Promise<void> {
  const key = await create()
  await manage("DELETE", key.id)
  assert.equal((await refusal("manager", `POST /keys/${key.id}/purge`))[0], 403)
  assert.deepEqual(await refusal("manager", `GET /keys/${key.id}/receipt`), [409, "KEY_STATE"])
  const gone = await govern(`${key.id}/purge`)
  assert.deepEqual([gone.state, gone.versions], ["destroyed", []])
  const unusable = await manage("GET", `${key.id}/receipt`)
  assert.equal(unusable["shreddedAt"], undefined)
  await node.client.call(node.token("operator"), "POST /shred")
  const shredded = await manage("GET", `${key.id}/receipt`)
  assert.match(String(shredded["shreddedAt"]), /Z$/)
  assert.notEqual(shredded["statement"], unusable["statement"])
  assert.equal(bytes(shredded["signature"]).length, 64)
  assert.ok(Buffer.from(bytes(shredded["statement"])).includes(key.id))
}

async function bin(): Promise<void> {
  const key = await create()
  const { ciphertext } = await encrypt(key)
  await flags({ invalidation: true })
  assert.equal((await manage("DELETE", `${key.id}?windowSeconds=0`)).state, "invalidated")
  assert.deepEqual(await decrypt(ciphertext), [409, "KEY_STATE"])
  assert.equal((await refusal("manager", `POST /keys/${key.id}/restore`))[0], 403)
  assert.equal((await refusal("manager", `POST /keys/${key.id}/cancel-deletion`))[0], 409)
  assert.equal((await govern(`${key.id}/restore`)).state, "active")
  assert.deepEqual(await decrypt(ciphertext), [200, undefined])
  await manage("DELETE", key.id)
  assert.equal((await govern(`${key.id}/purge`)).state, "destroyed")
  assert.deepEqual(await refusal("officer", `POST /keys/${key.id}/restore`), [409, "KEY_STATE"])
  await flags({ invalidation: false, keyDestruction: false })
  const kept = await create()
  assert.equal((await refusal("manager", `DELETE /keys/${kept.id}`))[0], 403)
  await flags({ keyDestruction: true })
}

async function reuse(): Promise<void> {
  const key = await create({ name: "phoenix" })
  const { ciphertext } = await encrypt(key)
  await manage("DELETE", "phoenix?windowSeconds=0")
  const again = await create({ name: "phoenix" })
  assert.notEqual(again.id, key.id)
  assert.equal((await manage("GET", "phoenix")).id, again.id)
  assert.equal((await decrypt(ciphertext))[0], 409)
  assert.equal((await manage("GET", key.id)).state, "destroyed")
}

async function attributes(): Promise<void> {
  const key = await create({ extractable: true })
  const change = (body: Fields) => refusal("manager", `PATCH /keys/${key.id}`, body)
  assert.deepEqual(await change({ extractable: true }), [400, "MALFORMED_REQUEST"])
  assert.deepEqual(await change({ usages: ["encrypt", "decrypt", "wrap"] }), [
    400,
    "MALFORMED_REQUEST",
  ])
  assert.deepEqual(await change({ extractable: false }), [200, undefined])
  const now = await manage("GET", key.id)
  assert.deepEqual([now["extractable"], now["neverExtractable"]], [false, false])
  assert.deepEqual(await change({ usages: ["decrypt"] }), [200, undefined])
  const body = { plaintext: base64("text") }
  assert.equal((await refusal("user", `POST /keys/${key.id}/encrypt`, body))[0], 403)
  assert.deepEqual(await change({ usages: ["encrypt", "decrypt"] }), [400, "MALFORMED_REQUEST"])
  assert.deepEqual(await change({ modifiable: false }), [200, undefined])
  assert.equal((await change({ description: "late" }))[0], 403)
}

async function revisions(): Promise<void> {
  const { id, revision } = await create()
  const change = (ifRevision: number) =>
    refusal("manager", `PATCH /keys/${id}`, { description: "new", ifRevision })
  assert.deepEqual(await change(revision), [200, undefined])
  assert.deepEqual(await change(revision), [409, "CONFLICT"])
  // Of changes at the same time that saw the same revision, one wins.
  const all = await Promise.all(Array.from({ length: 6 }, () => change(revision + 1)))
  assert.equal(all.filter(([status]) => status === 200).length, 1)
  assert.equal(all.filter(([, code]) => code === "CONFLICT").length, 5)
}

async function leave(key: Key, body: Fields = {}) {
  return await refusal("manager", `POST /keys/${key.id}/export`, body)
}

async function exporting(): Promise<void> {
  const open = await create({ extractable: true, sensitive: false })
  const sensitive = await create({ extractable: true })
  const closed = await create()
  const wrapper = await create({ usages: ["wrap", "unwrap"] })
  const wrapped = { wrappingKey: wrapper.id }
  const odd = { name: "odd", algorithm: "AES_256", sensitive: false }
  assert.deepEqual(await refusal("manager", "POST /keys", odd), [400, "MALFORMED_REQUEST"])
  assert.deepEqual(await leave(open), [200, undefined])
  assert.equal((await leave(sensitive))[0], 403)
  assert.equal((await leave(closed))[0], 403)
  assert.equal((await leave(sensitive, wrapped))[0], 403, "not trusted yet")
  await govern(`${wrapper.id}/trust`, { trusted: true })
  assert.deepEqual(await leave(sensitive, wrapped), [200, undefined])
  assert.equal((await leave(closed, wrapped))[0], 403)
  assert.equal((await leave(sensitive, { wrappingKey: closed.id }))[0], 403)
  await flags({ plainExport: false, wrappedExport: false })
  assert.equal((await leave(open))[0], 403)
  assert.equal((await leave(sensitive, wrapped))[0], 403)
  await flags({ plainExport: true, wrappedExport: true })
}

async function wrapping(): Promise<void> {
  const never = [["wrap", "decrypt"], ["unwrap", "encrypt"], ["derive", "encrypt"], ["encapsulate"]]
  for (const usages of never) {
    const body = { name: "thief", algorithm: "AES_256", usages }
    assert.deepEqual(await refusal("manager", "POST /keys", body), [400, "MALFORMED_REQUEST"])
  }
  const wrapper = await create({ usages: ["wrap", "unwrap"] })
  const trust = { trusted: true }
  assert.equal((await refusal("manager", `POST /keys/${wrapper.id}/trust`, trust))[0], 403)
  assert.equal((await govern(`${wrapper.id}/trust`, trust))["trusted"], true)
}

async function page(query: string): Promise<{ items: readonly Key[]; next?: string }> {
  return await node.client.call(node.token("auditor"), `GET /keys?${query}`)
}

async function ids(query: string): Promise<readonly string[]> {
  return (await page(query)).items.map(({ id }) => id)
}

async function lists(): Promise<void> {
  const made = await Promise.all(
    ["AES_128", "AES_192", "ED25519"].map((algorithm, index) =>
      create({ name: `listed-${index}`, algorithm, tags: { list: "yes", index: String(index) } }),
    ),
  )
  const all = made.map(({ id }) => id)
  assert.deepEqual(new Set(await ids("tag=list")), new Set(all))
  assert.deepEqual(await ids("tag=index=1"), [all[1]])
  assert.deepEqual(await ids("tag=list=no"), [])
  assert.deepEqual(await ids("tag=list&algorithm=ED25519"), [all[2]])
  assert.deepEqual(await ids("name=listed-0"), [all[0]])
  await manage("POST", `${all[0]}/disable`)
  assert.deepEqual(await ids("tag=list&state=disabled"), [all[0]])
  const seen: string[] = []
  for (let after = ""; ;) {
    const { items, next } = await page(`limit=2${after}`)
    assert.ok(items.length <= 2)
    seen.push(...items.map(({ id }) => id))
    if (next === undefined) break
    after = `&after=${next}`
  }
  assert.equal(new Set(seen).size, seen.length)
  assert.deepEqual(seen.toSorted(), (await ids("limit=1000")).toSorted())
}
