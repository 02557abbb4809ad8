import assert from "node:assert/strict"
import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto"
import { test } from "node:test"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import * as fc from "fast-check"
import {
  chunkBytes,
  isEnvelope,
  openEnvelope,
  sealEnvelope,
  tagBytes,
  type ByteSource,
} from "../../../packages/sdk/src/envelope.ts"

const sizes = [0, 1, 65_535, 65_536, 65_537, 131_072, 200_000]
const noAad = new Uint8Array()
const wrappingKey = randomBytes(32)

/** Stands in for the HSM: AES-256-GCM with a nonce in front. */
function wrap(dataKey: Uint8Array): Uint8Array {
  const nonce = randomBytes(12)
  const cipher = createCipheriv("aes-256-gcm", wrappingKey, nonce)
  return Buffer.concat([nonce, cipher.update(dataKey), cipher.final(), cipher.getAuthTag()])
}

async function unwrap(wrapped: Uint8Array): Promise<Uint8Array> {
  const options = { authTagLength: 16 }
  const nonce = wrapped.subarray(0, 12)
  const decipher = createDecipheriv("aes-256-gcm", wrappingKey, nonce, options)
  decipher.setAuthTag(wrapped.subarray(-16))
  return Buffer.concat([decipher.update(wrapped.subarray(12, -16)), decipher.final()])
}

/** Pieces of one size, as a stream would bring them. */
function* inPieces(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function collect(source: ByteSource): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of source) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces)
}

function seal(content: Uint8Array, aad: Uint8Array = noAad, pieces = 50_000): Promise<Buffer> {
  const dataKey = randomBytes(32)
  const key = { dataKey, wrappedKey: wrap(dataKey), noncePrefix: randomBytes(7) }
  return collect(sealEnvelope(inPieces(content, pieces), key, aad))
}

function open(file: Uint8Array, aad: Uint8Array = noAad, pieces = 50_000): Promise<Buffer> {
  return collect(openEnvelope(inPieces(file, pieces), unwrap, aad))
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest()
}

/** Length of the header of the files made here: 8 + wrapped key + nonce prefix. */
const headerBytes = 8 + (12 + 32 + 16) + 7
const damaged = { name: "KeyholdError", code: "ENVELOPE_DAMAGED" }

for (const size of sizes) {
  test(`an envelope of ${size} bytes opens to what was sealed`, async () => {
    const content = randomBytes(size)
    const aad = Buffer.from("order 4711")
    const file = await seal(content, aad)
    const chunks = Math.max(1, Math.ceil(size / chunkBytes))
    assert.equal(file.length, headerBytes + size + chunks * tagBytes)
    assert.ok(isEnvelope(file))
    assert.deepEqual(await open(file, aad), content)
    await assert.rejects(open(file, Buffer.from("order 4712")), damaged)
    await assert.rejects(open(file), damaged)
  })

  test(`an envelope of ${size} bytes that was cut or extended does not open`, async () => {
    const file = await seal(randomBytes(size))
    const chunk = chunkBytes + tagBytes
    const ends = [1, 15, 16, 17, 100, chunk, chunk + 1, file.length - headerBytes, file.length - 1]
    for (const cut of ends.filter((count) => count > 0 && count <= file.length)) {
      await assert.rejects(open(file.subarray(0, file.length - cut)), { name: "KeyholdError" })
    }
    for (const more of [1, 16, 17, chunk]) {
      await assert.rejects(open(Buffer.concat([file, Buffer.alloc(more)])), damaged)
    }
  })
}

test("every prefix of an envelope is refused", async () => {
  const file = await seal(randomBytes(40))
  for (let length = 0; length < file.length; length++) {
    await assert.rejects(open(file.subarray(0, length)), { name: "KeyholdError" })
  }
  assert.equal((await open(file)).length, 40)
})

test("every flipped bit of an envelope is found", async () => {
  const file = await seal(randomBytes(24))
  for (let bit = 0; bit < file.length * 8; bit++) {
    const copy = Buffer.from(file)
    copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    await assert.rejects(open(copy))
  }
})

test("a flipped bit of a later chunk is found after the earlier ones were handed out", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 7 }), fc.nat(), async (bit, where) => {
      const content = randomBytes(3 * chunkBytes)
      const file = await seal(content)
      const second = headerBytes + chunkBytes + tagBytes
      const at = second + (where % (chunkBytes + tagBytes))
      file[at] = (file[at] ?? 0) ^ (1 << bit)
      const given: Uint8Array[] = []
      await assert.rejects(async () => {
        for await (const piece of openEnvelope([file], unwrap, noAad)) given.push(piece)
      }, damaged)
      assert.deepEqual(Buffer.concat(given), content.subarray(0, chunkBytes))
    }),
    { numRuns: 20 },
  )
})

test("chunks that change places, repeat or move to another file do not open", async () => {
  const chunk = chunkBytes + tagBytes
  const three = 3 * chunkBytes
  const [one, other] = [await seal(randomBytes(three)), await seal(randomBytes(three))]
  const part = (file: Buffer, index: number) =>
    file.subarray(headerBytes + index * chunk, headerBytes + (index + 1) * chunk)
  const head = one.subarray(0, headerBytes)
  const orders = [[1, 0, 2], [0, 0, 1, 2], [0, 2], [0, 1, 1, 2], [0, 1, 2, 2], [2]]
  for (const order of orders) {
    const pieces = order.map((index) => part(one, index))
    await assert.rejects(open(Buffer.concat([head, ...pieces])), damaged)
  }
  const mixed = Buffer.concat([head, part(one, 0), part(other, 1), part(one, 2)])
  await assert.rejects(open(mixed), damaged)
  const swapped = Buffer.concat([other.subarray(0, headerBytes), one.subarray(headerBytes)])
  await assert.rejects(open(swapped), damaged)
})

test("round trips hold for any content, any additional data and any pieces", async () => {
  const pieces = fc.integer({ min: 1, max: 70_000 })
  const content = fc.uint8Array({ maxLength: 300 })
  await fc.assert(
    fc.asyncProperty(content, content, pieces, async (bytes, aad, size) => {
      assert.deepEqual(await open(await seal(bytes, aad, size), aad, size), Buffer.from(bytes))
    }),
    { numRuns: 50 },
  )
})

test("an envelope has the layout that docs/formats/envelope.md gives", async () => {
  const dataKey = Buffer.alloc(32, 1)
  const [wrappedKey, noncePrefix] = [Buffer.from("wrapped"), Buffer.alloc(7, 2)]
  const file = await collect(
    sealEnvelope(
      [Buffer.from("hi")],
      {
        dataKey,
        wrappedKey,
        noncePrefix,
      },
      Buffer.from("aad"),
    ),
  )
  const header = Buffer.concat([Buffer.from("KHE\x01\0\0\0\x07wrapped"), noncePrefix])
  assert.deepEqual(file.subarray(0, header.length), header)
  const nonce = Buffer.concat([noncePrefix, Buffer.from([0, 0, 0, 0, 1])])
  const decipher = createDecipheriv("aes-256-gcm", dataKey, nonce, { authTagLength: 16 })
  const purpose = Buffer.from("keyhold/envelope/v1")
  decipher.setAAD(Buffer.concat([purpose, sha256(header), sha256(Buffer.from("aad"))]))
  decipher.setAuthTag(file.subarray(-16))
  const content = decipher.update(file.subarray(header.length, -16))
  assert.equal(Buffer.concat([content, decipher.final()]).toString(), "hi")
})

test("what is no envelope is told from what is a damaged one", async () => {
  const foreign = { code: "NOT_AN_ENVELOPE" }
  await assert.rejects(open(Buffer.from("%PDF-1.7")), foreign)
  await assert.rejects(open(Buffer.alloc(0)), foreign)
  await assert.rejects(open(Buffer.from("KHE\x02\0\0\0\x07wrapped")), foreign)
  await assert.rejects(open(Buffer.from("KHE\x01")), damaged)
  await assert.rejects(open(Buffer.from("KHE\x01\xff\xff\xff\xff", "latin1")), damaged)
})

test("a source that is not read to its end is closed", async () => {
  const file = await seal(randomBytes(3 * chunkBytes))
  let closed = 0
  async function* source() {
    try {
      yield* inPieces(file, 1000)
    } finally {
      closed++
    }
  }
  for await (const piece of openEnvelope(source(), unwrap, noAad)) {
    assert.equal(piece.length, chunkBytes)
    break
  }
  await assert.rejects(collect(openEnvelope(source(), async () => Buffer.alloc(1), noAad)), damaged)
  assert.equal(closed, 2)
})

test("memory does not grow with the content", async () => {
  const piece = randomBytes(chunkBytes)
  const pieces = 4096
  function* source() {
    for (let count = 0; count < pieces; count++) yield piece
  }
  const dataKey = randomBytes(32)
  const key = { dataKey, wrappedKey: wrap(dataKey), noncePrefix: randomBytes(7) }
  setFlagsFromString("--expose-gc")
  // V8's own function, once the flag has exposed it.
  const collectGarbage = runInNewContext("gc") as () => void
  let [count, peak, first] = [0, 0, 0]
  for await (const opened of openEnvelope(sealEnvelope(source(), key, noAad), unwrap, noAad)) {
    assert.equal(opened.length, chunkBytes)
    if (count++ % 128 !== 0) continue
    collectGarbage()
    const used = process.memoryUsage().arrayBuffers
    first ||= used
    peak = Math.max(peak, used)
  }
  assert.equal(count, pieces)
  // The collector frees buffers in its own time: a quarter of the content would be growth.
  assert.ok(peak - first < (pieces * chunkBytes) / 4, `${peak - first} bytes more`)
})
