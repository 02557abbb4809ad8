/** Keys wrapped under keys, in the TSB dialect. */

import assert from "node:assert/strict"
import { createPrivateKey, createPublicKey, generateKeyPairSync, verify } from "node:crypto"
import { constants, publicEncrypt } from "node:crypto"
import { after, before, test } from "node:test"

import { createKey } from "../../../src/service/create-key.ts"
import { trustKey } from "../../../src/service/update-key.ts"
import { newApprover } from "../../support/approvers.ts"
import { contextOf } from "../../support/stack.ts"
import { approvalOf, proofOf, ruleOf, taskOf, tasksOf } from "../../support/tsb-approver.ts"
import {
  b64,
  bytesOf,
  p256,
  signs,
  tsbFace,
  type Body,
  type TsbFace,
} from "../../support/tsb-face.ts"

let on: TsbFace
let count = 0
before(async () => {
  on = await tsbFace({ keyImport: true, plainExport: true, wrappedExport: true })
})
after(() => on.stop())

const aes = { algorithm: "AES", keySize: 256 } as const
const wraps = { decrypt: false, sign: false, unwrap: true, destroyable: true }
const leaves = { ...signs, extractable: true, sensitive: false }

async function newKey(body: Body, attributes: Body): Promise<string> {
  const label = `key-${count++}`
  await on.ok("POST /key", { label, ...body, attributes })
  return label
}

/** A key that wraps and unwraps, which an officer trusts. */
async function newWrapper(body: Body = aes): Promise<string> {
  const label = await newKey(body, wraps)
  const officer = contextOf("officer", on.partition)
  await trustKey(on.stack.ports, officer, { key: label, trusted: true })
  return label
}

async function wrapped(keyToBeWrapped: string, wrapKeyName: string, wrapMethod: string) {
  const wrapKeyRequest = { keyToBeWrapped, wrapKeyName, wrapMethod, wrapKeyPassword: null }
  const { wrappedKey } = await on.ok("POST /wrap", { wrapKeyRequest })
  return String(wrappedKey)
}

function unwrapping(
  unwrapKeyName: string,
  wrapMethod: string,
  wrappedKey: string,
  more: Body = {},
) {
  const label = `key-${count++}`
  const rest = { label, attributes: signs, unwrapKeyName, wrapMethod, wrappedKey }
  return { label, unwrapKeyRequest: { ...rest, unwrapKeyPassword: null, ...more } }
}

const jsonOf = async (label: string) =>
  (await on.ok("POST /key/attributes", { label }))["json"] as Body

const pairs = [
  ["AES_WRAP_PAD_EC", { algorithm: "EC", curveOid: "1.3.132.0.10" }],
  ["AES_WRAP_PAD_EC", p256],
  ["AES_WRAP_PAD_EC", { algorithm: "EC", curveOid: "1.3.132.0.34" }],
  ["AES_WRAP_PAD_ED", { algorithm: "ED", curveOid: "1.3.101.112" }],
  ["AES_WRAP_PAD_RSA", { algorithm: "RSA", keySize: 2048 }],
] as const

for (const [method, spec] of pairs) {
  const name = Object.values(spec).join(" ")
  test(`${method} takes a key of ${name} out and in; one bit less, and nothing comes`, async () => {
    const wrapper = await newWrapper()
    const key = await newKey(spec, leaves)
    const bytes = await wrapped(key, wrapper, method)
    const { label, unwrapKeyRequest } = unwrapping(wrapper, method, bytes)
    const { status, body } = await on.send("POST /synchronousUnwrap", { unwrapKeyRequest })
    assert.deepEqual([status, body], [201, {}])
    const [before, now] = [await jsonOf(key), await jsonOf(label)]
    assert.equal(now["publicKey"], before["publicKey"])
    const { sensitive, extractable, neverExtractable } = now["attributes"] as Body
    assert.deepEqual([sensitive, extractable, neverExtractable], [true, false, false])
    const flipped = bytesOf(bytes)
    flipped[9] = (flipped[9] ?? 0) ^ 1
    const twin = unwrapping(wrapper, method, b64(flipped))
    assert.equal(await on.fault("POST /synchronousUnwrap", twin), "400 410")
    const other = unwrapping(await newWrapper(), method, bytes)
    assert.equal(await on.fault("POST /synchronousUnwrap", other), "400 410")
  })
}

for (const [method, wrapperSpec] of [
  ["AES_WRAP", aes],
  ["AES_WRAP_PAD", aes],
  ["RSA_WRAP_PAD", { algorithm: "RSA", keySize: 2048 }],
  ["RSA_WRAP_OAEP", { algorithm: "RSA", keySize: 2048 }],
] as const) {
  test(`${method} takes keys of AES out and in, whatever their size`, async () => {
    const wrapper = await newWrapper(wrapperSpec)
    const attributes = { decrypt: true, sign: false, unwrap: false }
    for (const keySize of [128, 256]) {
      const key = await newKey({ algorithm: "AES", keySize }, { ...leaves, ...attributes })
      const bytes = await wrapped(key, wrapper, method)
      const { label, unwrapKeyRequest } = unwrapping(wrapper, method, bytes, { attributes })
      await on.ok("POST /synchronousUnwrap", { unwrapKeyRequest })
      assert.equal((await jsonOf(label))["keySize"], keySize)
    }
  })
}

test("what OpenSSL wraps by OAEP is a key here", async () => {
  const label = await newWrapper({ algorithm: "RSA", keySize: 2048 })
  const spki = bytesOf((await jsonOf(label))["publicKey"])
  const key = createPublicKey({ key: spki, format: "der", type: "spki" })
  const padding = constants.RSA_PKCS1_OAEP_PADDING
  const bytes = publicEncrypt({ key, padding, oaepHash: "sha1" }, Buffer.alloc(32, 7))
  const attributes = { decrypt: true, sign: false, unwrap: false }
  const asked = unwrapping(label, "RSA_WRAP_OAEP", b64(bytes), { attributes })
  await on.ok("POST /synchronousUnwrap", asked)
  const short = publicEncrypt({ key, padding, oaepHash: "sha1" }, Buffer.alloc(31, 7))
  const twin = unwrapping(label, "RSA_WRAP_OAEP", b64(short), { attributes })
  assert.equal(await on.fault("POST /synchronousUnwrap", twin), "400 410")
})

test("another key is what its caller says it is, or none", async () => {
  const wrapper = await newWrapper()
  const mac = await newKey({ algorithm: "HMACSHA256", keySize: 256 }, leaves)
  const bytes = await wrapped(mac, wrapper, "AES_WRAP")
  const hmac = { algorithm: "HMACSHA256" }
  const asked = unwrapping(wrapper, "AES_WRAP", bytes, hmac)
  await on.ok("POST /synchronousUnwrap", asked)
  assert.equal((await jsonOf(asked.label))["algorithm"], "HMACSHA256")
  const odd = unwrapping(wrapper, "AES_WRAP_PAD_EC", bytes, { algorithm: "ED" })
  assert.equal(await on.fault("POST /synchronousUnwrap", odd), "400 607")
})

test("an unwrapped key has the rules that it is given, or none", async () => {
  const anna = newApprover("Anna")
  const wrapper = await newWrapper()
  const bytes = await wrapped(await newKey(p256, leaves), wrapper, "AES_WRAP_PAD_EC")
  const policy = { ruleUse: ruleOf(1, [anna]) }
  const asked = unwrapping(wrapper, "AES_WRAP_PAD_EC", bytes, { policy })
  await on.ok("POST /synchronousUnwrap", asked)
  const signKeyName = asked.label
  const signRequest = { payload: b64("a"), signKeyName, signatureAlgorithm: "SHA256_WITH_ECDSA" }
  assert.equal(await on.fault("POST /synchronousSign", { signRequest }), "403 401")
  assert.equal(await on.fault("POST /unwrap", asked), "400 600")
})

test("an unwrapped key exceeds neither the template nor what its wrapper may know", async () => {
  const wrapper = await newWrapper()
  const bytes = await wrapped(
    await newKey(aes, { ...leaves, decrypt: true, sign: false }),
    wrapper,
    "AES_WRAP",
  )
  const fault = async (attributes: Body) =>
    await on.fault(
      "POST /synchronousUnwrap",
      unwrapping(wrapper, "AES_WRAP", bytes, { attributes }),
    )
  assert.equal(
    await fault({ decrypt: true, sign: false, unwrap: false, extractable: true }),
    "400 606",
  )
  assert.equal(
    await fault({ decrypt: true, sign: false, unwrap: false, sensitive: false }),
    "400 606",
  )
  assert.equal(await fault({ decrypt: false, sign: false, unwrap: true, wrap: false }), "403 614")
  assert.equal(await fault({ decrypt: false, sign: false, unwrap: true }), "403 614")
})

test("what a template does not admit is not recognised either", async () => {
  const { ports } = on.stack
  const manager = contextOf("manager", on.partition)
  const unwraps = { algorithms: ["EC_P384"] } as const
  const name = `key-${count++}`
  const usages = ["wrap", "unwrap"] as const
  await createKey(ports, manager, { name, algorithm: "AES_256", usages, unwraps })
  const officer = contextOf("officer", on.partition)
  await trustKey(ports, officer, { key: name, trusted: true })
  const method = "AES_WRAP_PAD_EC"
  const p384 = { algorithm: "EC", curveOid: "1.3.132.0.34" }
  const good = unwrapping(name, method, await wrapped(await newKey(p384, leaves), name, method))
  await on.ok("POST /synchronousUnwrap", good)
  const other = unwrapping(name, method, await wrapped(await newKey(p256, leaves), name, method))
  assert.equal(await on.fault("POST /synchronousUnwrap", other), "400 410")
  const said = { ...other.unwrapKeyRequest, ...p256 }
  assert.equal(await on.fault("POST /synchronousUnwrap", { unwrapKeyRequest: said }), "403 614")
})

test("no key wraps and decrypts, nor unwraps and encrypts", async () => {
  const label = "both"
  const make = async (attributes: Body) =>
    await on.send("POST /key", { label, ...aes, attributes: { sign: false, ...attributes } })
  const one = await make({ decrypt: true, unwrap: false, wrap: true })
  assert.equal(one.status, 400)
  assert.match(String(one.body["message"]), /no key holds wrap together with decrypt/)
  const other = await make({ decrypt: false, unwrap: true, encrypt: true })
  assert.match(String(other.body["message"]), /no key holds unwrap together with encrypt/)
  const decrypts = await newKey(aes, { decrypt: true, sign: false, unwrap: false })
  const wrapKeyRequest = {
    keyToBeWrapped: await newKey(p256, leaves),
    wrapKeyName: decrypts,
    wrapMethod: "AES_WRAP_PAD",
  }
  const { status, body } = await on.send("POST /wrap", { wrapKeyRequest })
  assert.equal(status, 403)
  assert.match(String(body["message"]), /no key holds wrap together with decrypt/)
})

async function wrapFault(
  keyToBeWrapped: string,
  wrapKeyName: string,
  wrapMethod = "AES_WRAP_PAD",
): Promise<string> {
  const wrapKeyRequest = { keyToBeWrapped, wrapKeyName, wrapMethod }
  return await on.fault("POST /wrap", { wrapKeyRequest })
}

test("only what is extractable leaves, and only under what officers trust", async () => {
  const trusted = await newWrapper()
  const untrusted = await newKey(aes, wraps)
  const [free, kept] = [await newKey(p256, leaves), await newKey(p256, signs)]
  assert.equal(await wrapFault(kept, trusted), "403 614")
  assert.equal(await wrapFault(free, untrusted), "403 614")
  assert.equal(await wrapFault(free, trusted, "AES_WRAP_PAD_RSA"), "400 607")
  assert.equal(await wrapFault(free, trusted, "RSA_WRAP_PAD"), "400 607")
  assert.equal(await wrapFault(free, trusted, "AES_WRAP_ROT13"), "400 607")
  assert.equal(await wrapFault("nobody", trusted), "404 650")
  assert.equal(await wrapFault(free, "nobody"), "404 650")
})

test("wrapping takes a manager, and another partition's keys are not there", async () => {
  const wrapper = await newWrapper()
  const key = await newKey(p256, leaves)
  const bytes = await wrapped(key, wrapper, "AES_WRAP_PAD_EC")
  const wrapKeyRequest = { keyToBeWrapped: key, wrapKeyName: wrapper, wrapMethod: "AES_WRAP_PAD" }
  const asked = unwrapping(wrapper, "AES_WRAP_PAD_EC", bytes)
  const user = { roles: ["user"] } as const
  assert.equal(await on.fault("POST /wrap", { wrapKeyRequest }, user), "403 400")
  assert.equal(await on.fault("POST /synchronousUnwrap", asked, user), "403 400")
  assert.equal(await on.fault("POST /unwrap", asked, user), "403 400")
  const there = { partition: on.other }
  assert.equal(await on.fault("POST /wrap", { wrapKeyRequest }, there), "404 650")
  for (const route of ["POST /synchronousUnwrap", "POST /unwrap"]) {
    const nobody = { unwrapKeyRequest: { ...asked.unwrapKeyRequest, unwrapKeyName: "nobody" } }
    const alike = await on.send(route, nobody, there)
    assert.deepEqual(await on.send(route, asked, there), alike)
    assert.equal(alike.status, 404)
  }
  const bls = unwrapping(wrapper, "AES_WRAP_BLS", bytes)
  assert.equal(await on.fault("POST /synchronousUnwrap", bls), "400 613")
})

test("an unwrapping waits for approvers, who see what is wrapped and its name", async () => {
  const anna = newApprover("Anna")
  const unwrapKeyName = `key-${count++}`
  const policy = { ruleUse: ruleOf(1, [anna], { timeout: 600 }) }
  const rsa = { algorithm: "RSA", keySize: 2048, attributes: wraps, policy }
  const { json } = await on.ok("POST /key", { label: unwrapKeyName, ...rsa })
  const spki = bytesOf((json as Body)["publicKey"])
  const key = createPublicKey({ key: spki, format: "der", type: "spki" })
  const padding = constants.RSA_PKCS1_OAEP_PADDING
  const bytes = b64(publicEncrypt({ key, padding, oaepHash: "sha1" }, Buffer.alloc(32, 9)))
  const attributes = { decrypt: true, sign: false, unwrap: false }
  const asked = unwrapping(unwrapKeyName, "RSA_WRAP_OAEP", bytes, { attributes })
  assert.equal(await on.fault("POST /synchronousUnwrap", asked), "403 401")
  const { unwrapKeyRequest } = asked
  const { status, body } = await on.send("POST /unwrap", {
    unwrapKeyRequest,
    requestSignature: null,
  })
  assert.equal(status, 201)
  const id = String(body["unwrapRequestId"])
  const proof = proofOf(anna, on.stack.clock.now())
  for (const [list, waiting] of [
    ["UnwrapKey", 1],
    ["Sign", 0],
  ] as const) {
    const { tasks } = await on.ok(`POST /filtered${list}ApprovalTask`, { ...proof, requestId: id })
    assert.equal((tasks as Body[]).length, waiting, list)
  }
  const detail = { requestId: id, detailLevel: "level3" }
  const [task] = await tasksOf(on, anna, detail)
  assert.ok(task !== undefined)
  assert.equal(task["payload"], bytes)
  const shown = (task["signedUnwrapKeyRequest"] as Body)["unwrapKeyRequest"] as Body
  assert.equal(shown["label"], asked.label)
  assert.equal(await on.fault("POST /key/attributes", { label: asked.label }), "404 650")
  await on.ok("POST /approval", approvalOf(anna, await taskOf(on, anna, id)))
  const done = await on.ok(`GET /request/${id}`)
  assert.deepEqual([done["status"], done["result"]], ["EXECUTED", null])
  assert.equal((await jsonOf(asked.label))["keySize"], 256)
})

test("a wrapped private key is PKCS#8 that others read", async () => {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" })
  const wrapper = await newWrapper()
  const label = `key-${count++}`
  const pkcs8 = privateKey.export({ format: "der", type: "pkcs8" })
  const brought = { label, ...p256, privateKey: b64(pkcs8), attributes: leaves }
  await on.ok("POST /key/import/plain", brought)
  const asked = unwrapping(
    wrapper,
    "AES_WRAP_PAD_EC",
    await wrapped(label, wrapper, "AES_WRAP_PAD_EC"),
  )
  await on.ok("POST /synchronousUnwrap", asked)
  const signRequest = {
    payload: b64("a"),
    signKeyName: asked.label,
    signatureAlgorithm: "SHA256_WITH_ECDSA",
  }
  const { signature } = await on.ok("POST /synchronousSign", { signRequest })
  assert.ok(verify("sha256", Buffer.from("a"), publicKey, bytesOf(signature)))
  assert.equal(createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" }).type, "private")
})
