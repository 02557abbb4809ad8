/** The envelope format: what was sealed opens; cut, grown, reordered or mixed files do not. */
import assert from "node:assert/strict"
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto"
import { test } from "node:test"
import * as fc from "fast-check"
import {
  chunkAad,
  chunkBytes,
  chunkNonce,
  chunkTagBytes,
  decodeEnvelopeHeader,
  encodeEnvelopeHeader,
  envelopeHeaderBytesMax,
  splitChunks,
  type EnvelopeHeader,
} from "../../src/codec/envelope.ts"
import { flip } from "../engine/fixture.ts"

const header: EnvelopeHeader = {
  wrappedKey: new Uint8Array(97).fill(5),
  noncePrefix: new Uint8Array(7).fill(6),
}
const key = randomBytes(32)
const sealedBytes = chunkBytes + chunkTagBytes

test("a header decodes to its parts, from exactly as many bytes as it has", () => {
  const bytes = fc.record({
    wrappedKey: fc.uint8Array({ minLength: 1, maxLength: 200 }),
    noncePrefix: fc.uint8Array({ minLength: 7, maxLength: 7 }),
  })
  fc.assert(
    fc.property(bytes, fc.uint8Array(), (given, rest) => {
      const encoded = encodeEnvelopeHeader(given)
      assert.deepEqual(
        plain(decodeEnvelopeHeader(Uint8Array.of(...encoded, ...rest))),
        plain({ ...given, length: encoded.length }),
      )
      for (let cut = 0; cut < encoded.length; cut++) {
        assert.equal(decodeEnvelopeHeader(encoded.subarray(0, cut)), undefined)
      }
    }),
    { numRuns: 20 },
  )
})

test("the layout of format 1 is frozen", () => {
  const expected = ["4b4845", "01", "0061", "05".repeat(97), "06".repeat(7)].join("")
  assert.equal(encodeEnvelopeHeader(header).toHex(), expected)
  assert.equal(
    Buffer.from(chunkAad(header)).toString("latin1"),
    `keyhold/envelope/v1${Buffer.from(expected, "hex").toString("latin1")}`,
  )
  assert.equal(
    chunkNonce(header.noncePrefix, { index: 0x01020304, last: true }).toHex(),
    "060606060606060102030401",
  )
  assert.equal(
    chunkNonce(header.noncePrefix, { index: 2 ** 32 - 1, last: false }).toHex(),
    "06060606060606ffffffff00",
  )
  assert.throws(() => chunkNonce(header.noncePrefix, { index: 2 ** 32, last: true }), {
    name: "CodecError",
  })
})

test("a header that is none, of a later format, or out of bounds is refused", () => {
  const encoded = encodeEnvelopeHeader(header)
  const bad = [
    encoded.with(0, 0),
    encoded.with(2, 0x43),
    encoded.with(3, 2),
    encoded.with(3, 0),
    encoded.with(4, 0x10).with(5, 0x01),
    encoded.with(4, 0).with(5, 0),
    Uint8Array.of(0x4c),
  ]
  for (const bytes of bad) assert.throws(() => decodeEnvelopeHeader(bytes), { name: "CodecError" })
  const wrong = [
    { wrappedKey: new Uint8Array() },
    { wrappedKey: new Uint8Array(4097) },
    { noncePrefix: new Uint8Array(8) },
  ]
  for (const part of wrong) {
    assert.throws(() => encodeEnvelopeHeader({ ...header, ...part }), { name: "CodecError" })
  }
  const longest = encodeEnvelopeHeader({ ...header, wrappedKey: new Uint8Array(4096) })
  assert.equal(longest.length, envelopeHeaderBytesMax)
})

test("chunks join to the content, whatever its pieces; the last alone may be short", async () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 12 }), { maxLength: 10 })
  const property = fc.asyncProperty(pieces, fc.integer({ min: 1, max: 9 }), async (given, size) => {
    const chunks = await Array.fromAsync(splitChunks(stream(given), size))
    const content = Buffer.concat(given)
    assert.deepEqual(Buffer.concat(chunks.map(({ bytes }) => bytes)), content)
    assert.equal(chunks.length, Math.max(1, Math.ceil(content.length / size)))
    for (const [at, { index, bytes, last }] of chunks.entries()) {
      assert.equal(index, at)
      assert.equal(last, at === chunks.length - 1)
      if (!last) assert.equal(bytes.length, size)
    }
  })
  await fc.assert(property)
})

for (const length of [0, 1, chunkBytes - 1, chunkBytes, chunkBytes + 1, 3 * chunkBytes]) {
  test(`content of ${length} bytes comes back`, async () => {
    const content = randomBytes(length)
    assert.ok(content.equals(await unseal(await seal(content))))
  })
}

test("cut, grown, reordered, doubled, mixed and damaged files do not open", async () => {
  const chunks = cutSealed(await seal(randomBytes(2 * chunkBytes + 10)))
  const [first = none, second = none, last = none] = chunks
  const [foreign = none] = cutSealed(
    await seal(randomBytes(chunkBytes + 1), { noncePrefix: new Uint8Array(7) }),
  )
  assert.equal((await unseal(Buffer.concat(chunks))).length, 2 * chunkBytes + 10)
  const bad: Record<string, readonly Uint8Array[]> = {
    "the last chunk is gone": [first, second],
    "only the first is left": [first],
    "all are gone": [],
    "the end is cut": [first, second, last.subarray(0, -1)],
    "a byte more": [first, second, last, Uint8Array.of(0)],
    "the last chunk twice": [first, second, last, last],
    "two are exchanged": [second, first, last],
    "one is doubled": [first, first, second, last],
    "one is missing": [first, last],
    "one is another file's": [foreign, second, last],
    "one bit is flipped": [first, flip(second, 12_345), last],
  }
  for (const [what, parts] of Object.entries(bad)) {
    await assert.rejects(unseal(Buffer.concat(parts)), Error, what)
  }
})

test("chunks do not open under a header of which one bit was flipped", async () => {
  const sealed = await seal(randomBytes(10))
  assert.equal((await unseal(sealed)).length, 10)
  for (let bit = 0; bit < header.wrappedKey.length * 8; bit += 31) {
    const other = { ...header, wrappedKey: flip(header.wrappedKey, bit) }
    await assert.rejects(unseal(sealed, other))
  }
})

const none = new Uint8Array()

async function seal(content: Uint8Array, part: Partial<EnvelopeHeader> = {}): Promise<Buffer> {
  const used = { ...header, ...part }
  const sealed: Uint8Array[] = []
  for await (const { bytes, ...place } of splitChunks(stream([content]), chunkBytes)) {
    const cipher = createCipheriv("aes-256-gcm", key, chunkNonce(used.noncePrefix, place))
    cipher.setAAD(chunkAad(used))
    sealed.push(cipher.update(bytes), cipher.final(), cipher.getAuthTag())
  }
  return Buffer.concat(sealed)
}

async function unseal(sealed: Uint8Array, used = header): Promise<Buffer> {
  const content: Uint8Array[] = []
  for await (const { bytes, ...place } of splitChunks(stream([sealed]), sealedBytes)) {
    assert.ok(bytes.length >= chunkTagBytes)
    assert.ok(bytes.length > chunkTagBytes || place.index === 0, "an empty chunk is the only one")
    const nonce = chunkNonce(used.noncePrefix, place)
    const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: chunkTagBytes })
    decipher.setAAD(chunkAad(used))
    decipher.setAuthTag(bytes.subarray(-chunkTagBytes))
    content.push(decipher.update(bytes.subarray(0, -chunkTagBytes)), decipher.final())
  }
  return Buffer.concat(content)
}

function cutSealed(sealed: Buffer): Uint8Array[] {
  return Array.from({ length: Math.ceil(sealed.length / sealedBytes) }, (_, at) =>
    sealed.subarray(at * sealedBytes, (at + 1) * sealedBytes),
  )
}

async function* stream(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array, void, void> {
  yield* pieces
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}
