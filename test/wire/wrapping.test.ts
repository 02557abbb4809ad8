/**
 * Keys wrapped under keys, over the wire: there and back with every mechanism, and the attacks on
 * such interfaces that are known: Clulow, "On the security of PKCS#11" (CHES 2003); Bortolozzo,
 * Centenaro, Focardi and Steel, "Attacking and fixing PKCS#11 security tokens" (CCS 2010).
 */

import assert from "node:assert/strict"
import {
  constants,
  createCipheriv,
  createPublicKey,
  generateKeyPairSync,
  publicEncrypt,
} from "node:crypto"
import { after, before, test } from "node:test"

import { CompactEncrypt, type CompactJWEHeaderParameters } from "jose"

import { flipBit } from "../support/flip-bit.ts"
import { startDevNode, type DevNode } from "../support/dev-node.ts"
import { base64, fields, saying, type Answer, type Fields } from "../support/rest-client.ts"

const message = base64(Buffer.from("sealed"))
const kek = Buffer.from("a key that its maker knows, 32 b")

let node: DevNode
let count = 0

before(async () => {
  node = await startDevNode()
  const flags = { keyImport: true, wrappedExport: true, plainExport: true }
  assert.equal((await send("officer", "PATCH", "partition", { flags })).status, 200)
})
after(() => node.stop())

const send: DevNode["send"] = (...asked) => node.send(...asked)

function freshName(): string {
  return `key-${count++}`
}

async function create(body: Fields): Promise<string> {
  const name = freshName()
  const made = await send("manager", "POST", "keys", { name, ...body })
  assert.equal(made.status, 201, made.text)
  return name
}

/** A key that wraps and unwraps, trusted by an officer. */
async function transport(algorithm = "AES_256", more: Fields = {}): Promise<string> {
  const name = await create({ algorithm, usages: ["wrap", "unwrap"], ...more })
  assert.equal((await trust(name)).status, 200)
  return name
}

function trust(name: string): Promise<Answer> {
  return send("officer", "POST", `keys/${name}/trust`, { trusted: true })
}

function wrap(name: string, wrappingKey: string, mechanism?: string): Promise<Answer> {
  return send("manager", "POST", `keys/${name}/export`, { wrappingKey, mechanism })
}

async function wrapped(name: string, wrappingKey: string, mechanism?: string): Promise<string> {
  const answer = await wrap(name, wrappingKey, mechanism)
  assert.equal(answer.status, 200, answer.text)
  return String(fields(answer)["material"])
}

function unwrap(by: string, body: Fields): Promise<Answer> {
  return send("manager", "POST", `keys/${by}/unwrap`, { name: freshName(), ...body })
}

/** The new key's name. */
async function unwrapped(by: string, body: Fields): Promise<string> {
  const answer = await unwrap(by, body)
  assert.equal(answer.status, 201, answer.text)
  return String(fields(answer)["name"])
}

async function code(answer: Promise<Answer>): Promise<unknown> {
  const found = await answer
  assert.ok(found.status >= 400, found.text)
  return fields(found)["code"]
}

async function macOf(name: string): Promise<unknown> {
  const answer = await send("user", "POST", `keys/${name}/mac`, { message })
  assert.equal(answer.status, 200, answer.text)
  const { mac } = fields(answer)
  assert.ok(mac)
  return mac
}

const wrapsUnder = {
  AES_128: ["AES_KWP", "AES_KW"],
  AES_256: ["AES_KWP", "AES_KW"],
  RSA_2048: ["SHA_256", "SHA_384", "SHA_512", "SHA_1"].flatMap((hash) => [
    `RSA_AES_KWP_${hash}`,
    `RSA_OAEP_WRAP_${hash}`,
  ]),
  EC_P256: ["ECDH_ES_A256KW"],
  EC_P384: ["ECDH_ES_A256KW"],
  EC_P521: ["ECDH_ES_A256KW"],
  X25519: ["ECDH_ES_A256KW"],
  ML_KEM_512: ["ML_KEM_AES_KWP"],
  ML_KEM_768: ["ML_KEM_AES_KWP"],
  ML_KEM_1024: ["ML_KEM_AES_KWP"],
} as const

for (const [algorithm, mechanisms] of Object.entries(wrapsUnder)) {
  test(`what leaves under ${algorithm} comes back the same`, async () => {
    const by = await transport(algorithm)
    const key = await create({ algorithm: "HMAC_SHA_256", extractable: true })
    for (const mechanism of mechanisms) {
      const body = { algorithm: "HMAC_SHA_256", wrapped: await wrapped(key, by, mechanism) }
      const copy = await unwrapped(by, { ...body, mechanism })
      assert.equal(await macOf(copy), await macOf(key), mechanism)
    }
  })
}

test("pairs travel as PKCS#8; what is too long for OAEP is refused", async () => {
  const pair = await create({ algorithm: "EC_P256", extractable: true })
  const signed = fields(await send("user", "POST", `keys/${pair}/sign`, { message }))
  for (const algorithm of ["AES_256", "RSA_2048", "EC_P256", "ML_KEM_768"]) {
    const by = await transport(algorithm)
    const material = await wrapped(pair, by)
    const copy = await unwrapped(by, { algorithm: "EC_P256", wrapped: material })
    const check = { message, signature: signed["signature"] }
    const verified = fields(await send("user", "POST", `keys/${copy}/verify`, check))
    assert.equal(verified["valid"], true)
  }
  const rsa = await create({ algorithm: "RSA_2048", extractable: true })
  const by = await transport("RSA_2048")
  assert.equal(await code(wrap(rsa, by, "RSA_OAEP_WRAP_SHA_256")), "MALFORMED_REQUEST")
  assert.equal(await code(wrap(rsa, by, "AES_KWP")), "OPERATION_FORBIDDEN")
  const alone = send("manager", "POST", `keys/${rsa}/export`, { mechanism: "AES_KWP" })
  assert.equal(await code(alone), "MALFORMED_REQUEST")
})

test("an outsider wraps with the public half; only the private one unwraps", async () => {
  const by = await create({ algorithm: "RSA_3072", usages: ["unwrap"] })
  const { pem } = fields(await send("user", "GET", `keys/${by}/public`))
  const padding = constants.RSA_PKCS1_OAEP_PADDING
  const head = publicEncrypt({ key: String(pem), padding, oaepHash: "sha256" }, kek)
  const iv = Uint8Array.of(0xa6, 0x59, 0x59, 0xa6)
  const cipher = createCipheriv("id-aes256-wrap-pad", kek, iv)
  const secret = Buffer.from("thirty-two bytes of HMAC secret.")
  const blob = Buffer.concat([head, cipher.update(secret), cipher.final()])
  const copy = await unwrapped(by, { algorithm: "HMAC_SHA_256", wrapped: base64(blob) })
  await macOf(copy)
})

test("an outsider's JOSE library wraps with the public half of a pair that agrees", async () => {
  const secret = Buffer.from("thirty-two bytes of HMAC secret.")
  for (const algorithm of ["EC_P256", "X25519"]) {
    const by = await create({ algorithm, usages: ["unwrap"] })
    const { pem } = fields(await send("user", "GET", `keys/${by}/public`))
    const jwe = (header: CompactJWEHeaderParameters) =>
      new CompactEncrypt(secret).setProtectedHeader(header).encrypt(createPublicKey(String(pem)))
    const body = { algorithm: "HMAC_SHA_256" }
    const header = { alg: "ECDH-ES+A256KW", enc: "A256GCM" }
    await macOf(await unwrapped(by, { ...body, wrapped: base64(Buffer.from(await jwe(header))) }))
    for (const other of [{ alg: "ECDH-ES" }, { alg: "ECDH-ES+A128KW" }, { enc: "A256CBC-HS512" }]) {
      const text = Buffer.from(await jwe({ ...header, ...other }))
      assert.equal(await code(unwrap(by, { ...body, wrapped: base64(text) })), "DECRYPTION_FAILED")
    }
  }
})

test("a key that unwraps once is gone with the key that it brought in", async () => {
  const unwraps = { algorithms: ["HMAC_SHA_256"], onceWithinSeconds: 3600 }
  const by = await create({ algorithm: "EC_P256", usages: ["unwrap"], unwraps })
  const { id, unwraps: shown } = fields(await send("user", "GET", `keys/${by}`))
  assert.deepEqual(shown, unwraps)
  const { pem } = fields(await send("user", "GET", `keys/${by}/public`))
  const jwe = new CompactEncrypt(kek).setProtectedHeader({ alg: "ECDH-ES+A256KW", enc: "A256GCM" })
  const wrapped = base64(Buffer.from(await jwe.encrypt(createPublicKey(String(pem)))))
  const body = { algorithm: "HMAC_SHA_256", wrapped }
  await macOf(await unwrapped(by, body))
  assert.equal(fields(await send("user", "GET", `keys/${String(id)}`))["state"], "destroyed")
  assert.equal(await code(unwrap(by, body)), "KEY_NOT_FOUND")
  assert.equal(await code(unwrap(String(id), body)), "KEY_STATE")
})

test("an older version can be named; a repeated call finds the first key", async () => {
  const by = await transport()
  const key = await create({ algorithm: "HMAC_SHA_256", extractable: true })
  const body = {
    name: freshName(),
    algorithm: "HMAC_SHA_256",
    wrapped: await wrapped(key, by),
  }
  assert.equal((await send("manager", "POST", `keys/${by}/rotate`)).status, 200)
  assert.equal(await code(unwrap(by, body)), "DECRYPTION_FAILED")
  const once = () =>
    node.client.send("POST", `/api/v1/keys/${by}/unwrap`, {
      token: node.token("manager"),
      body: { ...body, version: 1 },
      headers: { "Idempotency-Key": "unwrap-once" },
    })
  const [first, second] = [await once(), await once()]
  assert.equal(first.status, 201, first.text)
  assert.equal(fields(first)["id"], fields(second)["id"])
})

// --- attacks -------------------------------------------------------------------------------------

/** What finds the secret again under which a key was wrapped. */
function agreeing(usage: string): readonly (readonly string[])[] {
  return [
    ["wrap", usage],
    ["unwrap", usage],
  ]
}

test("attack: a key that wraps and decrypts, or unwraps and encrypts (Clulow 3.1)", async () => {
  const pairs = [
    ["wrap", "decrypt"],
    ["unwrap", "encrypt"],
  ]
  const apart = [
    ["AES_256", pairs],
    ["RSA_2048", pairs],
    ["EC_P256", agreeing("derive")],
    ["X25519", agreeing("derive")],
    ["ML_KEM_768", agreeing("decapsulate")],
  ] as const
  for (const [algorithm, both] of apart) {
    for (const usages of both) {
      const body = { name: freshName(), algorithm, usages }
      assert.equal(await code(send("manager", "POST", "keys", body)), "MALFORMED_REQUEST")
      // Nor in two steps: uses are only taken away.
      const [first = "", second = ""] = usages
      for (const [has, wants] of [
        [first, second],
        [second, first],
      ]) {
        const name = await create({ algorithm, usages: [has] })
        const more = { usages: [has, wants] }
        assert.equal(
          await code(send("manager", "PATCH", `keys/${name}`, more)),
          "MALFORMED_REQUEST",
        )
        const other = { usages: [wants] }
        assert.equal(
          await code(send("manager", "PATCH", `keys/${name}`, other)),
          "MALFORMED_REQUEST",
        )
      }
    }
  }
})

test("attack: two handles of a key, one wraps and the other decrypts (Bortolozzo)", async () => {
  const by = await transport()
  const key = await create({ algorithm: "AES_256", extractable: true })
  const body = { algorithm: "AES_256", wrapped: await wrapped(key, by) }
  await unwrapped(by, { ...body, usages: ["decrypt"] })
  for (const usages of [["wrap"], ["unwrap"], ["wrap", "unwrap"]]) {
    assert.equal(await code(unwrap(by, { ...body, usages })), "OPERATION_FORBIDDEN")
  }
  // A template can admit keys that unwrap, never keys that wrap; nor are those ever trusted.
  const template = { algorithm: "AES_256", usages: ["unwrap"], unwraps: { usages: ["wrap"] } }
  const wide = send("manager", "POST", "keys", { name: freshName(), ...template })
  assert.equal(await code(wide), "MALFORMED_REQUEST")
  const parent = await transport("AES_256", { unwraps: { usages: ["unwrap"] } })
  const again = { algorithm: "AES_256", wrapped: await wrapped(key, parent), usages: ["unwrap"] }
  const child = await unwrapped(parent, again)
  assert.equal(await code(trust(child)), "OPERATION_FORBIDDEN")
  assert.equal(await code(wrap(key, child)), "OPERATION_FORBIDDEN")
})

test("attack: a wrapping key of the attacker's own (Clulow 3.3, trojan keys)", async () => {
  const victim = await create({ algorithm: "AES_256", extractable: true })
  const own = await create({ algorithm: "AES_256", usages: ["wrap"] })
  const imported = freshName()
  const known = { name: imported, algorithm: "AES_256", format: "raw", usages: ["wrap"] }
  const material = base64(kek)
  assert.equal((await send("manager", "POST", "keys/import", { ...known, material })).status, 201)
  const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 })
  const spki = base64(publicKey.export({ format: "der", type: "spki" }))
  const outside = freshName()
  const pair = { name: outside, algorithm: "RSA_2048", format: "spki", usages: ["wrap"] }
  assert.equal(
    (await send("manager", "POST", "keys/import", { ...pair, material: spki })).status,
    201,
  )
  for (const name of [own, imported, outside]) {
    assert.equal(await code(wrap(victim, name)), "OPERATION_FORBIDDEN", name)
    const trusting = send("manager", "POST", `keys/${name}/trust`, { trusted: true })
    assert.equal(await code(trusting), "OPERATION_FORBIDDEN", "managers do not trust keys")
  }
  // What officers trust, they answer for.
  await trust(outside)
  assert.equal((await wrap(victim, outside)).status, 200)
})

test("attack: a key that was never to leave, with attributes put back (Clulow 3.2)", async () => {
  const by = await transport()
  const victim = await create({ algorithm: "AES_256" })
  assert.equal(await code(wrap(victim, by)), "OPERATION_FORBIDDEN")
  const back = send("manager", "PATCH", `keys/${victim}`, { extractable: true })
  assert.equal(await code(back), "MALFORMED_REQUEST")
  const key = await create({ algorithm: "AES_256", extractable: true, sensitive: false })
  const body = { algorithm: "AES_256", wrapped: await wrapped(key, by) }
  for (const more of [{ extractable: true }, { sensitive: false }]) {
    assert.equal(await code(unwrap(by, { ...body, ...more })), "MALFORMED_REQUEST")
  }
  const copy = await unwrapped(by, body)
  const shown = fields(await send("user", "GET", `keys/${copy}`))
  assert.deepEqual(
    [shown["extractable"], shown["sensitive"], shown["neverExtractable"], shown["trusted"]],
    [false, true, false, false],
  )
  assert.equal(await code(wrap(copy, by)), "OPERATION_FORBIDDEN")
  assert.equal(
    await code(send("manager", "POST", `keys/${copy}/export`, {})),
    "OPERATION_FORBIDDEN",
  )
})

test("attack: wrapping block by block, or with what only encrypts (Clulow 3.4)", async () => {
  const by = await transport()
  const key = await create({ algorithm: "AES_256", extractable: true })
  for (const mechanism of ["AES_ECB", "AES_CBC", "AES_GCM", "XAES_256_GCM"]) {
    assert.equal(await code(wrap(key, by, mechanism)), "OPERATION_FORBIDDEN", mechanism)
  }
  const encrypt = send("user", "POST", `keys/${by}/encrypt`, { plaintext: message })
  assert.equal(await code(encrypt), "OPERATION_FORBIDDEN")
})

test("attack: another use or algorithm than the unwrapping key's template admits", async () => {
  const unwraps = { algorithms: ["HMAC_SHA_256"], usages: ["verify"] }
  const by = await transport("AES_256", { unwraps })
  const key = await create({ algorithm: "HMAC_SHA_256", extractable: true })
  const body = { wrapped: await wrapped(key, by), usages: ["verify"] }
  const asAes = unwrap(by, { ...body, algorithm: "AES_256", usages: ["decrypt"] })
  assert.equal(await code(asAes), "OPERATION_FORBIDDEN")
  for (const usages of [["sign"], ["sign", "verify"], undefined]) {
    const other = unwrap(by, { ...body, algorithm: "HMAC_SHA_256", usages })
    assert.equal(await code(other), "OPERATION_FORBIDDEN")
  }
  const copy = await unwrapped(by, { ...body, algorithm: "HMAC_SHA_256" })
  assert.equal(
    await code(send("user", "POST", `keys/${copy}/mac`, { message })),
    "OPERATION_FORBIDDEN",
  )
})

test("attack: an oracle; whatever does not unwrap to such a key has one answer", async () => {
  const others: Readonly<Record<string, string>> = {
    AES_256: "AES_KW",
    RSA_2048: "RSA_AES_KWP_SHA_1",
    EC_P256: "ECDH_ES_A256KW",
    ML_KEM_768: "ML_KEM_AES_KWP",
  }
  for (const [algorithm, mechanism] of Object.entries(others)) {
    const by = await transport(algorithm)
    const other = await transport(algorithm)
    const key = await create({ algorithm: "AES_256", extractable: true })
    const good = Buffer.from(await wrapped(key, by), "base64")
    const bad = [
      { wrapped: base64(flipBit(good, 0)) },
      { wrapped: base64(flipBit(good, -1)) },
      { wrapped: base64(good.subarray(0, -8)) },
      { wrapped: base64(good.subarray(0, 1)) },
      { wrapped: base64(Buffer.concat([good, good])) },
      { wrapped: await wrapped(key, other) },
      { algorithm: "AES_128" },
      { algorithm: "EC_P256" },
      { mechanism, wrapped: base64(flipBit(good, good.length >> 1)) },
    ]
    const answers = await Promise.all(
      bad.map((one) => unwrap(by, { algorithm: "AES_256", wrapped: base64(good), ...one })),
    )
    const said = new Set(answers.map(saying))
    assert.deepEqual([answers[0]?.status, said.size], [422, 1], [...said].join("\n"))
  }
})

test("attack: bringing keys in where the partition takes in none", async () => {
  const by = await transport()
  const key = await create({ algorithm: "AES_256", extractable: true })
  const body = { algorithm: "AES_256", wrapped: await wrapped(key, by) }
  await send("officer", "PATCH", "partition", { flags: { keyImport: false } })
  assert.equal(await code(unwrap(by, body)), "OPERATION_FORBIDDEN")
  await send("officer", "PATCH", "partition", { flags: { keyImport: true } })
  const legacy = unwrap(by, { ...body, algorithm: "TDEA" })
  assert.equal(await code(legacy), "OPERATION_FORBIDDEN", "old algorithms are off")
  assert.equal(await code(unwrap(by, { ...body, algorithm: "SLIP10_P256" })), "MALFORMED_REQUEST")
  await send("manager", "POST", `keys/${by}/disable`)
  assert.equal(await code(unwrap(by, body)), "KEY_STATE")
})
