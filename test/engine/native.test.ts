/** The addon by itself: whatever it is given, it computes right or throws; it never crashes. */
import assert from "node:assert/strict"
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  generateKeyPairSync,
  randomBytes,
} from "node:crypto"
import { existsSync, readFileSync } from "node:fs"
import { getPriority, release } from "node:os"
import { test } from "node:test"
import { Worker } from "node:worker_threads"
import * as fc from "fast-check"
import { chainBodies, chainRecords, type Chained } from "../../src/audit/chain.ts"
import { addonErrorCodes, noncePoolBytes, type Addon } from "../../src/engine/native/addon.ts"
import { flip, none } from "./fixture.ts"
import { addon, path, skip } from "./native.ts"

const cluster = "0123456789abcdefghjkmnpqrs"

const names = [
  [
    "aesKey",
    "chainRecords",
    "decryptLater",
    "deriveKeys",
    "feed",
    "hmac",
    "hmacKey",
    "lmsChain",
    "lmsKey",
    "open",
    "openBlob",
  ],
  ["privateKey", "publicKey"],
  [
    "schedule",
    "scheme",
    "seal",
    "sealBlobs",
    "sealFresh",
    "sealMany",
    "sign",
    "signLater",
    "verify",
    "xmssChain",
    "xmssPair",
  ],
].flat() as (keyof Addon)[]
const pkcs8 = { format: "der", type: "pkcs8" } as const
const spki = { format: "der", type: "spki" } as const
const ec = generateKeyPairSync("ec", { namedCurve: "prime256v1" })
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 })

test("the addon exports the functions of the interface, and no others", { skip }, () => {
  assert.deepEqual(Object.keys(addon()).toSorted(), names)
})

/** Runs `call`; true when it answered, false when it threw one of the addon's own errors. */
async function survives(call: () => unknown): Promise<boolean> {
  try {
    await call()
    return true
  } catch (error) {
    assert.ok(error instanceof Error, String(error))
    const code = "code" in error ? String(error.code) : error.message
    assert.ok(
      addonErrorCodes.some((known) => known === code),
      code,
    )
    return false
  }
}

/** Arguments that each function answers, to be spoilt. */
function soundArguments(): Record<keyof Addon, readonly unknown[]> {
  const pair = addon().privateKey(ec.privateKey.export(pkcs8))
  const aes = addon().aesKey(new Uint8Array(32))
  const digest = new Uint8Array(32)
  const scheme = addon().scheme(undefined, "digest", { digest: "sha256" })
  const signing = [pair, scheme, digest]
  const oaep = addon().scheme(undefined, "digest", { "pad-mode": "oaep", digest: "sha256" })
  return {
    aesKey: [new Uint8Array(16)],
    chainRecords: [none, new Uint8Array(80), new Uint8Array(16), digest, Uint32Array.of(32)],
    deriveKeys: [digest, new Uint8Array(64), new Uint8Array(5), Uint32Array.of(2, 3)],
    openBlob: [digest, none, 8, new Uint8Array(3), new Uint8Array(60)],
    sealBlobs: [
      digest,
      none,
      new Uint8Array(8),
      new Uint8Array(28),
      new Uint8Array(3),
      new Uint8Array(20),
      Uint32Array.of(3, 20),
    ],
    feed: [new Uint8Array(noncePoolBytes)],
    hmac: [addon().hmacKey(new Uint8Array(9), "sha256"), new Uint8Array(9)],
    hmacKey: [new Uint8Array(40), "sha384"],
    lmsChain: [new Uint8Array(55), 0, 15],
    lmsKey: [new Uint8Array(20), digest, 67, 15],
    xmssChain: [digest, digest, digest, 0, 15],
    xmssPair: [digest, digest, new Uint8Array(64)],
    open: [aes, new Uint8Array(24), none, new Uint8Array(20)],
    privateKey: [ec.privateKey.export(pkcs8)],
    publicKey: [ec.publicKey.export(spki)],
    seal: [aes, new Uint8Array(12), new Uint8Array(3), new Uint8Array(20)],
    sealFresh: [aes, 24, new Uint8Array(3), new Uint8Array(20)],
    sealMany: [aes, 12, none, new Uint8Array(3), new Uint8Array(20), Uint32Array.of(3, 20)],
    schedule: [process.pid, getPriority(), 3_000],
    scheme: [
      "ML-DSA-44",
      "message",
      { deterministic: 1, mu: 1, "context-string": new Uint8Array(255) },
    ],
    sign: signing,
    signLater: [...signing, Uint32Array.of(32)],
    decryptLater: [
      addon().privateKey(rsa.privateKey.export(pkcs8)),
      oaep,
      digest,
      Uint32Array.of(32),
    ],
    verify: [addon().publicKey(ec.publicKey.export(spki)), ...signing.slice(1), digest],
  }
}

test("arguments of any type and number give an answer or an error of ours", { skip }, async () => {
  const sound = soundArguments()
  const detached = new Uint8Array(8)
  structuredClone(detached.buffer, { transfer: [detached.buffer] })
  const shared = new Uint8Array(new SharedArrayBuffer(12))
  const spoilt = fc.oneof(
    fc.constantFrom(...Object.values(sound).flat(), "pss", "sha512", 12, detached, shared),
    fc.constantFrom<unknown>(new Proxy({}, {}), new DataView(new ArrayBuffer(12)), () => {}),
    fc.constantFrom<unknown>(
      { digest: "sha1", saltlen: -1 },
      { saltlen: 2 ** 31 - 1, "pad-mode": "pss" },
      { "context-string": new Uint8Array(256) },
      { "pad-mode": "x".repeat(40), "nonce-type": "1" },
    ),
    fc.oneof(fc.uint8Array(), fc.uint16Array(), fc.bigInt(), fc.double(), fc.string()),
    fc.anything({ withNullPrototype: true, withTypedArray: true, withBigInt: true }),
  )
  const changes = fc.array(fc.tuple(fc.nat(5), spoilt), { maxLength: 2 })
  const answers = { yes: 0, no: 0 }
  const property = fc.asyncProperty(
    fc.constantFrom(...names),
    changes,
    fc.nat(6),
    async (name, changes, length) => {
      const given = [...sound[name]]
      for (const [at, value] of changes) given[at] = value
      if (length < 3) given.length = Math.min(given.length, length)
      // Whatever the types say: that is the point.
      const call = addon()[name] as (...given: readonly unknown[]) => unknown
      answers[(await survives(() => call(...given))) ? "yes" : "no"]++
    },
  )
  await fc.assert(property, { numRuns: 10_000 })
  assert.ok(answers.yes > 1000 && answers.no > 1000, JSON.stringify(answers))
})

test("a key serves its own functions alone, and only while it is this addon's", { skip }, () => {
  const aes = addon().aesKey(new Uint8Array(32))
  // A key of another kind, which only a bug could bring here.
  const foreign = addon().hmacKey(new Uint8Array(32), "sha256") as unknown as typeof aes
  assert.equal(addon().seal(aes, new Uint8Array(12), none, none).length, 16)
  assert.throws(() => addon().seal(foreign, new Uint8Array(12), none, none), {
    code: "KEYHOLD_ARGUMENT",
  })
})

test("only threads of this process are scheduled, and get the slice", { skip }, () => {
  const nice = getPriority()
  assert.equal(addon().schedule(process.ppid, nice, 3_000), false)
  const isTaken = addon().schedule(process.pid, nice, 5_000)
  assert.equal(getPriority(), nice)
  const [major = 0, minor = 0] = release().split(".").map(Number)
  const shows = "/proc/self/sched" // Where the kernel was built with it.
  if (process.platform !== "linux" || !existsSync(shows)) return
  if (major * 100 + minor < 612) return // Older ones keep a slice of their own.
  assert.ok(isTaken)
  assert.match(readFileSync(shows, "latin1"), /se\.slice +: +5000000\n/)
})

const refusedKeys: Record<string, () => unknown> = {
  "an AES key of 15 bytes": () => addon().aesKey(new Uint8Array(15)),
  "an AES key of 33 bytes": () => addon().aesKey(new Uint8Array(33)),
  "an empty HMAC key": () => addon().hmacKey(none, "sha256"),
  "an empty private key": () => addon().privateKey(none),
  "a private key with a byte behind it": () =>
    addon().privateKey(Buffer.concat([ec.privateKey.export(pkcs8), Buffer.of(0)])),
  "a public key with a byte behind it": () =>
    addon().publicKey(Buffer.concat([ec.publicKey.export(spki), Buffer.of(0)])),
  "a private key cut short": () => addon().privateKey(ec.privateKey.export(pkcs8).subarray(0, 60)),
  "a public key off the curve": () => addon().publicKey(flip(ec.publicKey.export(spki), 8 * 80)),
  "a public key where a private one belongs": () => addon().privateKey(ec.publicKey.export(spki)),
  "a key that does not sign": () =>
    addon().privateKey(generateKeyPairSync("x25519").privateKey.export(pkcs8)),
}
for (const [what, make] of Object.entries(refusedKeys)) {
  test(`the addon refuses ${what}`, { skip }, () => {
    assert.throws(make, { code: "KEYHOLD_KEY" })
    assert.ok(addon().privateKey(ec.privateKey.export(pkcs8)))
  })
}

test("messages sealed in one call open one by one, each under its own nonce", { skip }, () => {
  const parts = fc.array(fc.tuple(fc.uint8Array(), fc.uint8Array()), { maxLength: 20 })
  const property = fc.property(fc.uint8Array(), parts, (prefix, messages) => {
    const key = addon().aesKey(new Uint8Array(32))
    const aads = Buffer.concat(messages.map(([aad]) => aad))
    const plaintexts = Buffer.concat(messages.map(([, plaintext]) => plaintext))
    const lengths = Uint32Array.from(messages.flatMap((pair) => pair.map(({ length }) => length)))
    addon().feed(randomBytes(noncePoolBytes))
    const sealed = addon().sealMany(key, 12, prefix, aads, plaintexts, lengths) ?? assert.fail()
    const nonces = new Set<string>()
    let at = 0
    for (const [aad, plaintext] of messages) {
      assert.deepEqual(sealed.slice(at, at + prefix.length), prefix)
      at += prefix.length
      const nonce = sealed.slice(at, at + 12)
      const end = at + 12 + plaintext.length + 16
      assert.deepEqual(addon().open(key, nonce, aad, sealed.slice(at + 12, end)), plaintext)
      nonces.add(nonce.toHex())
      at = end
    }
    assert.deepEqual([at, nonces.size], [sealed.length, messages.length])
  })
  fc.assert(property)
})

test("records are chained as JavaScript chains them", { skip }, () => {
  const texts = fc.array(fc.string({ unit: "binary", maxLength: 300 }), { minLength: 1 })
  const link = fc.uint8Array({ minLength: 32, maxLength: 32 })
  const property = fc.property(texts, link, (texts, link) => {
    const bodies = texts.map((text) => JSON.stringify(text))
    const input = { link, salts: randomBytes(16 * bodies.length), bodies }
    const ours = chainBodies(addon().chainRecords, cluster, input)
    assert.deepEqual(hexOf(ours), hexOf(chainBodies(chainRecords, cluster, input)))
  })
  fc.assert(property)
})

function hexOf({ leaves, link, salted }: Chained): string[] {
  return [leaves, link, salted].map((bytes) => bytes.toHex())
}

/** Of 20 bytes of bodies. */
function chain(salts: number, lengths: readonly number[], link = 80): Uint8Array {
  const [head, input] = [new Uint8Array(40), new Uint8Array(link)]
  const [salt, bodies] = [new Uint8Array(salts), new Uint8Array(20)]
  return addon().chainRecords(head, input, salt, bodies, Uint32Array.from(lengths))
}

test("records whose lengths do not add up are not chained", { skip }, () => {
  assert.equal(chain(32, [5, 15]).length, 3 * 32 + 2 * 26 + 20)
  const code = "KEYHOLD_ARGUMENT"
  for (const lengths of [[5, 14], [5, 16], [20], [5, 15, 0], [5, 2 ** 32 - 1]]) {
    assert.throws(() => chain(32, lengths), { code }, lengths.join(" "))
  }
  assert.throws(() => chain(31, [5, 15]), { code })
  assert.throws(() => chain(32, [5, 15], 68), { code })
  assert.throws(() => chain(32, [5, 15], 257), { code })
})

const wrongLengths = [[3, 19], [3, 21], [2, 20], [4, 20], [3], [3, 20, 0], [2 ** 32 - 1, 24]]
test("lengths that do not add up seal nothing", { skip }, () => {
  const key = addon().aesKey(new Uint8Array(32))
  const seal = (lengths: readonly number[]) => {
    addon().feed(randomBytes(noncePoolBytes))
    const [aads, plaintexts] = [new Uint8Array(3), new Uint8Array(20)]
    return addon().sealMany(key, 12, none, aads, plaintexts, Uint32Array.from(lengths))
  }
  assert.equal(seal([3, 20])?.length, 12 + 20 + 16)
  for (const lengths of wrongLengths) assert.throws(() => seal(lengths), /KEYHOLD|add up|fit/)
  assert.throws(() => seal(Array.from({ length: 2_050 }, () => 0)), { code: "KEYHOLD_ARGUMENT" })
})

for (const bytes of [16, 24, 32] as const) {
  test(`AES-${bytes * 8}-GCM and node:crypto open what the other sealed`, { skip }, () => {
    const cipher = `aes-${bytes * 8}-gcm` as "aes-256-gcm"
    const byteArray = fc.uint8Array({ maxLength: 200 })
    const raw = fc.uint8Array({ minLength: bytes, maxLength: bytes })
    const iv = fc.uint8Array({ minLength: 12, maxLength: 12 })
    const property = fc.property(raw, iv, byteArray, byteArray, (raw, iv, aad, plaintext) => {
      const key = addon().aesKey(raw)
      const sealed = addon().seal(key, iv, aad, plaintext)
      const theirs = createCipheriv(cipher, raw, iv).setAAD(aad)
      const expected = [theirs.update(plaintext), theirs.final(), theirs.getAuthTag()]
      assert.equal(sealed.toHex(), Buffer.concat(expected).toHex())
      const opened = addon().open(key, iv, aad, sealed)
      assert.equal(opened?.toHex(), plaintext.toHex())
      const opening = createDecipheriv(cipher, raw, iv).setAAD(aad)
      opening.setAuthTag(sealed.subarray(-16))
      assert.equal(opening.update(sealed.subarray(0, -16)).toHex(), plaintext.toHex())
      opening.final()
    })
    fc.assert(property, { numRuns: 300 })
  })
}

for (const nonceBytes of [12, 24] as const) {
  test(`a nonce of ${nonceBytes} bytes: one bit flipped anywhere opens nothing`, { skip }, () => {
    const key = addon().aesKey(new Uint8Array(32).fill(5))
    const nonce = new Uint8Array(nonceBytes).fill(7)
    const aad = Uint8Array.of(1, 2, 3)
    const sealed = addon().seal(key, nonce, aad, Uint8Array.of(4, 5))
    assert.deepEqual(addon().open(key, nonce, aad, sealed), Uint8Array.of(4, 5))
    for (let bit = 0; bit < 8 * sealed.length; bit++) {
      assert.equal(addon().open(key, nonce, aad, flip(sealed, bit)), undefined)
    }
    for (let bit = 0; bit < 8 * nonceBytes; bit++) {
      assert.equal(addon().open(key, flip(nonce, bit), aad, sealed), undefined)
    }
    assert.equal(addon().open(key, nonce, flip(aad, 0), sealed), undefined)
    for (let length = 0; length < sealed.length; length++) {
      assert.equal(addon().open(key, nonce, aad, sealed.subarray(0, length)), undefined)
    }
    // A failure leaves the key as it was.
    assert.deepEqual(addon().open(key, nonce, aad, sealed), Uint8Array.of(4, 5))
  })
}

test("XAES takes a key of 256 bits alone", { skip }, () => {
  const key = addon().aesKey(new Uint8Array(24))
  assert.throws(() => addon().seal(key, new Uint8Array(24), none, none), {
    code: "KEYHOLD_ARGUMENT",
  })
  assert.equal(addon().seal(key, new Uint8Array(12), none, none).length, 16)
})

test("fresh nonces are the bytes that were fed, in order, and each but once", { skip }, () => {
  const key = addon().aesKey(new Uint8Array(32))
  const pool = Uint8Array.from({ length: noncePoolBytes }, (_, at) => (at * 7 + (at >> 8)) % 251)
  for (const nonceBytes of [12, 24]) {
    addon().feed(pool)
    for (let at = 0; at < noncePoolBytes; at += nonceBytes) {
      const sealed = addon().sealFresh(key, nonceBytes, none, none)
      const nonce = pool.subarray(at, at + nonceBytes)
      assert.equal(sealed?.subarray(0, nonceBytes).toHex(), nonce.toHex())
      assert.ok(addon().open(key, nonce, none, sealed.subarray(nonceBytes)))
    }
    assert.equal(addon().sealFresh(key, nonceBytes, none, none), undefined)
  }
  assert.throws(() => addon().feed(pool.subarray(1)), { code: "KEYHOLD_ARGUMENT" })
  assert.equal(addon().sealFresh(key, 12, none, none), undefined)
})

test("HMAC agrees with node:crypto, whatever key and message", { skip }, () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 300 })
  const hashes = fc.constantFrom("sha1", "sha224", "sha256", "sha384", "sha512", "sha3-256")
  const property = fc.property(hashes, bytes, bytes, (hash, raw, message) => {
    const key = addon().hmacKey(raw, hash)
    const expected = createHmac(hash, raw).update(message).digest("hex")
    assert.equal(addon().hmac(key, message).toHex(), expected)
    assert.equal(addon().hmac(key, message).toHex(), expected)
    assert.notEqual(addon().hmac(key, flip(message, 0)).toHex(), expected)
  })
  fc.assert(property, { numRuns: 300 })
})

test("threads load it side by side, and end with signatures on their way", { skip }, async () => {
  const program = `
    const { workerData, parentPort } = require("node:worker_threads")
    const module = { exports: {} }
    process.dlopen(module, workerData.path)
    const { aesKey, seal, privateKey, scheme, sign, signLater } = module.exports
    const ecdsa = scheme(undefined, "digest", { digest: "sha256" })
    const key = aesKey(new Uint8Array(32))
    const pair = privateKey(workerData.pkcs8)
    let sum = ""
    for (let at = 0; at < 2000; at++) {
      sum = Buffer.from(seal(key, new Uint8Array(24), new Uint8Array(), new Uint8Array(40)))
      if (at % 20 === 0) sign(pair, ecdsa, new Uint8Array(32))
    }
    for (let at = 0; at < 200; at++) signLater(pair, ecdsa, new Uint8Array(32), Uint32Array.of(32))
    parentPort.postMessage(sum.toString("hex"))
    process.exit()
  `
  const workerData = { path, pkcs8: ec.privateKey.export(pkcs8) }
  const run = (): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(program, { eval: true, workerData })
      let answer: unknown
      worker.on("message", (message: unknown) => {
        answer = message
      })
      worker.on("error", reject)
      worker.on("exit", () => resolve(answer))
    })
  const key = addon().aesKey(new Uint8Array(32))
  const expected = addon().seal(key, new Uint8Array(24), none, new Uint8Array(40)).toHex()
  assert.deepEqual(await Promise.all([run(), run(), run(), run()]), Array(4).fill(expected))
})
