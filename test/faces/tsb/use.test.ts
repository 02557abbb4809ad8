/** Using keys in the TSB dialect, at once; what it tells of itself; who may ask. */

import assert from "node:assert/strict"
import { createDecipheriv, createPublicKey, verify } from "node:crypto"
import { after, before, test } from "node:test"

import { absent } from "../../../src/faces/tsb/routes/absent.ts"
import { newApprover } from "../../support/approvers.ts"
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
  on = await tsbFace({ externalIv: true, legacyAlgorithms: true })
})
after(() => on.stop())

const payload = b64("pay 100 to Dora")

async function newKey(body: Body = p256): Promise<string> {
  const label = `key-${count++}`
  await on.ok("POST /key", { label, attributes: signs, ...body })
  return label
}

async function publicKeyOf(label: string) {
  const { json } = await on.ok("POST /key/attributes", { label })
  const key = bytesOf((json as Body)["publicKey"])
  return createPublicKey({ key, format: "der", type: "spki" })
}

function signing(signKeyName: string, signatureAlgorithm: string, change: Body = {}): Body {
  const empty = { payloadType: "UNSPECIFIED", keyPassword: null, signatureType: null }
  return { signRequest: { payload, signKeyName, signatureAlgorithm, ...empty, ...change } }
}

async function sign(label: string, algorithm: string, change: Body = {}): Promise<Buffer> {
  const { signature } = await on.ok("POST /synchronousSign", signing(label, algorithm, change))
  return bytesOf(signature)
}

test("a signature is DER unless it is asked for as r and s, and verifies here too", async () => {
  const label = await newKey()
  const key = await publicKeyOf(label)
  const message = Buffer.from("pay 100 to Dora")
  for (const [signatureType, dsaEncoding] of [
    [null, "der"],
    ["DER", "der"],
    ["RAW", "ieee-p1363"],
  ] as const) {
    const signature = await sign(label, "SHA256_WITH_ECDSA", { signatureType })
    assert.ok(verify("sha256", message, { key, dsaEncoding }, signature))
    const request = { signKeyName: label, signatureAlgorithm: "SHA256_WITH_ECDSA", payload }
    const check = (change: Body) =>
      on.ok("POST /verify", {
        verifySignatureRequest: { ...request, signature: b64(signature), ...change },
      })
    assert.deepEqual(await check({}), { signatureValid: true })
    assert.deepEqual(await check({ payload: b64("pay 900") }), { signatureValid: false })
  }
})

test("r and s verify as such, also where they begin like DER", async () => {
  const label = await newKey()
  let signature
  do signature = await sign(label, "SHA256_WITH_ECDSA", { signatureType: "RAW" })
  while (signature[0] !== 0x30)
  const request = { signKeyName: label, signatureAlgorithm: "SHA256_WITH_ECDSA", payload }
  const verifySignatureRequest = { ...request, signature: b64(signature) }
  assert.deepEqual(await on.ok("POST /verify", { verifySignatureRequest }), {
    signatureValid: true,
  })
})

test("each algorithm signs as its name says", async () => {
  const rsa = await newKey({ algorithm: "RSA", keySize: 2048 })
  const message = Buffer.from("pay 100 to Dora")
  const ofRsa = await publicKeyOf(rsa)
  assert.ok(verify("sha384", message, ofRsa, await sign(rsa, "SHA384_WITH_RSA")))
  const { createHash } = await import("node:crypto")
  const digest = b64(createHash("sha256").update(message).digest())
  const hashed = await sign(rsa, "NONESHA256_WITH_RSA", { payload: digest })
  assert.ok(verify("sha256", message, ofRsa, hashed))
  const ed = await newKey({ algorithm: "ED", curveOid: "1.3.101.112" })
  assert.ok(verify(null, message, await publicKeyOf(ed), await sign(ed, "EDDSA")))
  const ec = await newKey()
  const same = await sign(ec, "SHA256_WITH_ECDSA_DETERMINISTIC")
  assert.deepEqual(await sign(ec, "SHA256_WITH_ECDSA_DETERMINISTIC"), same)
  const coin = await newKey({ algorithm: "EC", curveOid: "1.3.132.0.10" })
  const eth = await sign(coin, "KECCAK256_WITH_ECDSA", { signatureType: "ETH" })
  assert.equal(eth.length, 65)
  assert.ok([27, 28].includes(eth[64] ?? 0))
  const pq = await newKey({ algorithm: "ML-DSA-44" })
  assert.ok(verify(null, message, await publicKeyOf(pq), await sign(pq, "ML_DSA")))
})

test("a label with a path signs with the key that it leads to", async () => {
  const attributes = { ...signs, derive: true, bip32: true }
  const label = await newKey({ algorithm: "EC", curveOid: "1.3.132.0.10", attributes })
  const message = Buffer.from("pay 100 to Dora")
  for (const name of [label, `${label}/44'/60'/0'/0/7`]) {
    const signature = await sign(name, "SHA256_WITH_ECDSA")
    assert.ok(verify("sha256", message, await publicKeyOf(name), signature), name)
  }
})

const refusedSigning: readonly (readonly [string, Body, string])[] = [
  ["an unknown algorithm", { signatureAlgorithm: "ROT13" }, "400 607"],
  ["an algorithm of another key", { signatureAlgorithm: "SHA256_WITH_RSA" }, "400 607"],
  ["Ethereum's form without its hash", { signatureType: "ETH" }, "400 600"],
  ["a form that there is not", { signatureType: "XML" }, "400 600"],
  ["an unknown key", { signKeyName: "nothing" }, "404 650"],
  ["a password", { keyPassword: ["a"] }, "400 620"],
  ["approvals that nobody reads here", { signedApprovals: [b64("approval")] }, "501 611"],
  ["a payload that is not base64", { payload: "a" }, "400 600"],
  ["no payload", { payload: null }, "400 600"],
]
for (const [what, change, fault] of refusedSigning) {
  test(`signing with ${what} is refused`, async () => {
    const body = signing(await newKey(), "SHA256_WITH_ECDSA", change)
    assert.equal(await on.fault("POST /synchronousSign", body), fault)
  })
}

test("an empty list of approvals is as good as none; no call reads them", async () => {
  const label = await newKey()
  await sign(label, "SHA256_WITH_ECDSA", { signedApprovals: [] })
  const signedApprovals = [b64("approval")]
  const asked = signing(label, "SHA256_WITH_ECDSA", { signedApprovals })
  assert.equal(await on.fault("POST /sign", asked), "501 611")
  const rest = { keyPassword: null, signedApprovals }
  for (const [path, body] of [
    ["synchronousBlock", { blockRequest: { blockKeyName: label, ...rest } }],
    ["synchronousUnblock", { unblockRequest: { unblockKeyName: label, ...rest } }],
    ["synchronousModify", { modifyRequest: { modifyKeyName: label, policy: {}, ...rest } }],
  ] as const) {
    assert.equal(await on.fault(`POST /${path}`, body), "501 611", path)
  }
})

test("what is encrypted here is opened by OpenSSL and here, and nothing altered is", async () => {
  const attributes = { ...signs, sign: false, decrypt: true, encrypt: true }
  const label = await newKey({ algorithm: "AES", keySize: 256, attributes })
  const aad = b64("header")
  const asked = { payload, encryptKeyName: label, cipherAlgorithm: "AES_GCM", tagLength: 128 }
  const encryptRequest = { ...asked, additionalAuthenticationData: aad }
  const sealed = await on.ok("POST /encrypt", { encryptRequest })
  const { encryptedPayload, initializationVector, messageAuthenticationCode: tag } = sealed
  const bare = bytesOf(sealed["encryptedPayloadWithoutMessageAuthenticationCode"])
  assert.equal(b64(Buffer.concat([bare, bytesOf(tag)])), encryptedPayload)
  const decryptRequest = {
    encryptedPayload,
    decryptKeyName: label,
    cipherAlgorithm: "AES_GCM",
    initializationVector,
    additionalAuthenticationData: aad,
    tagLength: -1,
  }
  const open = (change: Body) => ({ decryptRequest: { ...decryptRequest, ...change } })
  assert.deepEqual(await on.ok("POST /synchronousDecrypt", open({})), { payload })
  for (const change of [
    { additionalAuthenticationData: b64("other") },
    { encryptedPayload: b64(bytesOf(encryptedPayload).fill(0, 0, 1)) },
  ]) {
    assert.equal(await on.fault("POST /synchronousDecrypt", open(change)), "400 410")
  }
  assert.equal(await on.fault("POST /synchronousDecrypt", open({ tagLength: 64 })), "400 624")
  const unknown = open({ cipherAlgorithm: "ROT13" })
  assert.equal(await on.fault("POST /synchronousDecrypt", unknown), "400 607")
})

test("CBC is what others know it as", async () => {
  const attributes = { ...signs, sign: false, decrypt: true, encrypt: true, extractable: true }
  const secretKey = new Uint8Array(32).fill(3)
  const own = await tsbFace({ keyImport: true })
  const aes = { label: "aes", algorithm: "AES", keySize: 256, attributes }
  await own.ok("POST /key/import/plain", { ...aes, secretKey: b64(secretKey) })
  const encryptRequest = { payload, encryptKeyName: "aes", cipherAlgorithm: "AES" }
  const sealed = await own.ok("POST /encrypt", { encryptRequest })
  const iv = bytesOf(sealed["initializationVector"])
  const cipher = createDecipheriv("aes-256-cbc", secretKey, iv)
  const opened = [cipher.update(bytesOf(sealed["encryptedPayload"])), cipher.final()]
  assert.equal(b64(Buffer.concat(opened)), payload)
  assert.equal(sealed["messageAuthenticationCode"], null)
  await own.stop()
})

test("a MAC verifies, and another one does not", async () => {
  const label = await newKey({ algorithm: "HMACSHA256" })
  const request = { keyName: label, payload }
  const { keyedHash } = await on.ok("POST /synchronousHmac", { hmacRequest: request })
  const check = (signature: unknown) =>
    on.ok("POST /verify", { verifyHmacRequest: { ...request, signature } })
  assert.deepEqual(await check(keyedHash), { signatureValid: true })
  assert.deepEqual(await check(b64(new Uint8Array(32))), { signatureValid: false })
  assert.equal(await on.fault("POST /verify", {}), "400 600")
})

test("a key is blocked, unblocked and modified at once where its rules ask nobody", async () => {
  const label = await newKey({ ...p256, policy: { ruleUse: null } })
  await on.ok("POST /synchronousBlock", { blockRequest: { blockKeyName: label } })
  const body = signing(label, "SHA256_WITH_ECDSA")
  assert.equal(await on.fault("POST /synchronousSign", body), "403 614")
  await on.ok("POST /synchronousUnblock", { unblockRequest: { unblockKeyName: label } })
  await on.ok("POST /synchronousSign", body)
  const anna = newApprover("Anna")
  const approvals = [{ type: "public_key", name: "Anna", value: b64(anna.publicKey) }]
  const groups = [{ name: "all", quorum: 1, approvals }]
  const ruleUse = { tokens: [{ name: "any", timelock: 0, timeout: 0, groups }] }
  const policy = { ruleUse, ruleModify: { tokens: [] } }
  await on.ok("POST /synchronousModify", { modifyRequest: { modifyKeyName: label, policy } })
  assert.equal(await on.fault("POST /synchronousSign", body), "403 401")
  const again = { modifyRequest: { modifyKeyName: label, policy: { ruleUse: null } } }
  assert.equal(await on.fault("POST /synchronousModify", again), "403 614")
  const plain = { blockRequest: { blockKeyName: await newKey() } }
  assert.equal(await on.fault("POST /synchronousBlock", plain), "403 614")
})

test("random bytes have the length that was asked for", async () => {
  const one = await on.ok("POST /generateRandom/32")
  const other = await on.ok("GET /generateRandom/32")
  assert.equal(bytesOf(one["random"]).length, 32)
  assert.notEqual(one["random"], other["random"])
  assert.equal(await on.fault("POST /generateRandom/0"), "400 600")
  assert.equal(await on.fault("POST /generateRandom/x"), "400 600")
})

test("the service says what it is, and how much it holds", async () => {
  assert.deepEqual(await on.ok("GET /versionInfo"), { Version: "0.1.0", Vendor: "Keyhold" })
  const { clientFlags } = await on.ok("GET /licenseInfo")
  assert.ok((clientFlags as string[]).includes("KEY_AUTH"))
  const { keyStoreStatistics } = await on.ok("GET /keystore/statistics")
  assert.match(String(keyStoreStatistics), /^user a, private keys \d+, public keys \d+, /)
})

test("who may ask is said by the number that clients act on", async () => {
  const ask = (headers: Record<string, string>, base = "") =>
    on.fault("GET /versionInfo", undefined, { headers, base })
  assert.equal(await ask({}), "401 406")
  assert.equal(await ask({ "x-api-key": "nobody" }), "401 631")
  assert.equal(await ask({ authorization: "Bearer nobody" }), "401 617")
  const both = { "x-api-key": "nobody", authorization: "Bearer somebody" }
  assert.equal(await ask(both), "401 631")
  const as = { roles: ["auditor"], headers: { "x-api-key": "a" } } as const
  assert.equal(await on.fault("POST /generateRandom/8", undefined, as), "403 400")
  const body = signing(await newKey(), "SHA256_WITH_ECDSA")
  assert.equal(await on.fault("POST /synchronousSign", body, as), "403 400")
})

test("a base address may name the partition", async () => {
  const label = await newKey()
  const base = `/p/${on.other}`
  assert.equal(await on.fault("POST /key/attributes", { label }, { base }), "404 650")
  await on.ok("POST /key/attributes", { label }, { base: `/p/${on.partition}` })
})

test("other paths, methods and bodies are errors of this dialect too", async () => {
  assert.equal(await on.fault("GET /nothing"), "404 611")
  assert.equal(await on.fault("PUT /key"), "405 611")
  assert.equal(await on.fault("POST /key", "{"), "400 621")
  assert.equal(await on.fault("POST /key", '{"label":"a","label":"b"}'), "400 621")
  assert.equal(await on.fault("POST /key", "null"), "400 621")
  assert.equal(await on.fault("POST /key", "[]"), "400 600")
  assert.equal(await on.fault("GET /key/%ff/attributes"), "400 600")
})

test("what the dialect has and Keyhold does not is refused with a reason", async () => {
  for (const route of Object.keys(absent)) {
    assert.equal(await on.fault(route.replace("{}", "a"), {}), "501 611", route)
  }
})
