/** The binary call on the wire: the same keys, the same rules, many calls at once. */

import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { after, before, suite, test } from "node:test"
import { connect, type TLSSocket } from "node:tls"

import { Pipeline } from "@keyhold/sdk"
import { frameTags, FrameWriter, readFrame } from "../../src/codec/frame.ts"
import { frameCalls } from "../../src/faces/frame/calls.ts"
import { startDevNode, type DevNode } from "../support/dev-node.ts"
import { base64 } from "../support/rest-client.ts"

let node: DevNode
let pipeline: Pipeline
const text = Buffer.from("in frames")

suite("the binary call", () => {
  before(async () => {
    node = await startDevNode()
    pipeline = await open(node.token("user"))
    for (const [name, algorithm] of [
      ["aes", "AES_256"],
      ["p256", "EC_P256"],
      ["hmac", "HMAC_SHA_256"],
    ]) {
      await node.client.call(node.token("manager"), "POST /keys", { name, algorithm })
    }
  })
  after(async () => {
    pipeline.close()
    await node.stop()
  })

  test("what it encrypts, HTTP decrypts, and the other way", encrypts)
  test("it signs and verifies, and a flipped bit is not valid", signs)
  test("it makes MACs, data keys and random bytes", others)
  test("a thousand calls at once are answered each by its number", thousand)
  test("calls alike share an audit record that counts them", counted)
  test("refusals have the same codes, fields and rules as over HTTP", refusals)
  test("any operation of the API is asked over the same connection", requests)
  test("a revoked token ends at once, also behind calls under way", revocation)
  test("nothing is answered before the hello but its absence", noHello)
  test("what is no frame ends the connection", noFrame)
  test("the document names every call and every tag", documented)
})

async function open(token: string): Promise<Pipeline> {
  const ca = readFileSync(node.dev.caFile, "utf8")
  return await Pipeline.connect({ url: node.dev.url, ca, token })
}

async function encrypts(): Promise<void> {
  const ciphertext = await pipeline.encrypt("aes", text, { aad: Buffer.from("a") })
  const body = { ciphertext: base64(ciphertext), aad: base64("a") }
  const opened = await node.client.call(node.token("user"), "POST /decrypt", body)
  assert.equal(opened["plaintext"], base64(text))
  assert.deepEqual(await pipeline.decrypt(ciphertext, { aad: Buffer.from("a") }), text)
  await assert.rejects(pipeline.decrypt(ciphertext), { code: "DECRYPTION_FAILED" })
  const flipped = Buffer.from(ciphertext)
  flipped[30] = (flipped[30] ?? 0) ^ 1
  await assert.rejects(pipeline.decrypt(flipped), { code: "DECRYPTION_FAILED" })
}

async function signs(): Promise<void> {
  const signature = Buffer.from(await pipeline.sign("p256", text, { encoding: "raw" }))
  assert.equal(signature.length, 64)
  assert.equal(await pipeline.verify("p256", text, signature, { encoding: "raw" }), true)
  signature[3] = (signature[3] ?? 0) ^ 1
  assert.equal(await pipeline.verify("p256", text, signature, { encoding: "raw" }), false)
}

async function others(): Promise<void> {
  const mac = await pipeline.mac("hmac", text)
  assert.equal(await pipeline.verifyMac("hmac", text, mac), true)
  assert.equal(await pipeline.verifyMac("hmac", Buffer.from("other"), mac), false)
  const { ciphertext, plaintext } = await pipeline.generateDataKey("aes", 16)
  assert.equal(plaintext.length, 16)
  assert.deepEqual(await pipeline.decrypt(ciphertext), plaintext)
  assert.equal((await pipeline.random(33)).length, 33)
}

async function thousand(): Promise<void> {
  const messages = Array.from({ length: 1_000 }, (_, index) => Buffer.from(`message ${index}`))
  const sealed = await Promise.all(messages.map((one) => pipeline.encrypt("aes", one)))
  const opened = await Promise.all(sealed.map((one) => pipeline.decrypt(one)))
  assert.deepEqual(opened.map(String), messages.map(String))
}

async function counted(): Promise<void> {
  const own = await open(node.token("user"))
  await Promise.all(Array.from({ length: 40 }, () => own.encrypt("aes", text)))
  own.close()
  let records: Record<string, unknown>[] = []
  for (let after = ""; ;) {
    const page = await node.client.call<{ items: Record<string, unknown>[]; next?: string }>(
      node.token("auditor"),
      `GET /audit/records?act=key.encrypt&limit=1000${after}`,
    )
    records = [...records, ...page.items]
    if (page.next === undefined) break
    after = `&after=${page.next}`
  }
  const request = records.at(-1)?.["requestId"]
  const ofThese = records.filter(({ requestId }) => requestId === request)
  const total = ofThese.reduce((sum, { count = 1 }) => sum + Number(count), 0)
  assert.equal(total, 40)
  assert.ok(ofThese.length < 40)
}

async function refusals(): Promise<void> {
  await assert.rejects(pipeline.encrypt("no-such-key", text), { code: "KEY_NOT_FOUND" })
  await assert.rejects(pipeline.sign("aes", text), {
    code: "OPERATION_FORBIDDEN",
    rule: "usage",
  })
  await assert.rejects(pipeline.encrypt("aes", text, { mechanism: "ROT13" }), {
    code: "MALFORMED_REQUEST",
    field: "/mechanism",
  })
  await assert.rejects(pipeline.encrypt("aes", Buffer.alloc(65_537)), {
    code: "PAYLOAD_TOO_LARGE",
  })
  await assert.rejects(pipeline.random(0), { code: "MALFORMED_REQUEST", field: "/length" })
  await assert.rejects(pipeline.call(99, {}), { code: "MALFORMED_REQUEST" })
  await assert.rejects(open("kh1_no_such_token"), { code: "UNAUTHENTICATED" })
}

async function requests(): Promise<void> {
  const { status, body } = await pipeline.request("GET", "/api/v1/keys?limit=1")
  assert.equal(status, 200)
  assert.equal((body as { items: unknown[] }).items.length, 1)
  assert.equal((await pipeline.request("POST", "/api/v1/keys", { name: "x" })).status, 400)
}

async function revocation(): Promise<void> {
  const wanted = { name: "guest", roles: ["user"], credential: { kind: "token" } }
  const { principal, token } = await node.client.call<{
    principal: { id: string }
    token: string
  }>(node.token("officer"), "POST /principals", wanted)
  const guest = await open(token)
  await guest.encrypt("aes", text)
  const running = Array.from({ length: 50 }, () => guest.encrypt("aes", text).catch(() => text))
  await node.client.call(node.token("officer"), `DELETE /principals/${principal.id}`)
  await assert.rejects(guest.encrypt("aes", text), { code: "UNAUTHENTICATED" })
  await Promise.all(running)
  guest.close()
}

function raw(): Promise<TLSSocket> {
  const { hostname, port } = new URL(node.dev.url)
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: hostname,
      port: Number(port),
      servername: hostname,
      ca: readFileSync(node.dev.caFile),
      ALPNProtocols: ["keyhold/1"],
    })
    socket.once("secureConnect", () => resolve(socket))
    socket.once("error", reject)
  })
}

async function noHello(): Promise<void> {
  const socket = await raw()
  const out = new FrameWriter()
  out.add(7, 1, { key: "aes", plaintext: text })
  socket.write(out.take())
  const answer = await new Promise<Buffer>((resolve) => socket.once("data", resolve))
  const frame = readFrame(answer, 0)
  assert.equal(frame?.number, 7)
  assert.equal(frame.kind, 1)
  assert.equal(frame.fields.code?.toString(), "UNAUTHENTICATED")
  socket.destroy()
}

async function noFrame(): Promise<void> {
  const doubled = new FrameWriter()
  doubled.add(1, 9, { length: 1 })
  const twice = Buffer.concat([doubled.take(), Buffer.from([15, 0, 0, 0, 4, 0, 0, 0, 1])])
  twice.writeUInt32BE(twice.length - 4, 0)
  for (const bytes of [
    Buffer.from([0, 0, 0, 1, 0, 0, 0, 0, 0]),
    Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0]),
    Buffer.from([0, 0, 0, 8, 0, 0, 0, 1, 9, 200, 0, 0]),
    Buffer.from([0, 0, 0, 10, 0, 0, 0, 1, 9, 200, 0, 0, 0, 0]),
    Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
    twice,
  ]) {
    const socket = await raw()
    socket.on("error", () => {})
    socket.write(bytes)
    await new Promise((resolve) => socket.once("close", resolve))
  }
}

function documented(): void {
  const document = readFileSync(new URL("../../docs/formats/frame.md", import.meta.url), "utf8")
  for (const [name, tag] of Object.entries(frameTags)) {
    assert.match(document, new RegExp(`^\\| ${tag} \\| ${name} \\|`, "m"))
  }
  for (const number of frameCalls.keys()) assert.match(document, new RegExp(`^\\| ${number} `, "m"))
}
