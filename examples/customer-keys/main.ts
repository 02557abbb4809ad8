/**
 * Encrypts 10,000 rows of a CSV file with a key per customer, deletes one customer's key, and shows
 * that exactly his rows are gone.
 *
 *     node tools/run.mjs examples/customer-keys/main.ts
 */

import assert from "node:assert/strict"
import { randomUUID } from "node:crypto"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { calls, decodeBase64, encodeBase64, Keyhold } from "@keyhold/sdk"

const rowCount = 10_000
const customerCount = 25
const leaving = 7

/** Keys of this run: a deleted key's name stays taken. */
const run = randomUUID()
const keyOf = (customer: number): string => `customer-${customer}-${run}`

interface Row {
  /** The row's number, which is bound to its text: rows cannot change places. */
  readonly number: number
  readonly customer: number
  readonly text: string
}

const work = await mkdtemp(join(tmpdir(), "keyhold-rows-"))
const kh = Keyhold.fromEnvironment()
try {
  const path = join(work, "orders.csv")
  const rows = Array.from({ length: rowCount }, (_, number): Row => {
    const customer = (number * 7919) % customerCount
    return { number, customer, text: `order ${number},2026-11-23,${(number % 977) * 5}.90 CHF` }
  })
  await makeKeys()
  await writeFile(path, await encryptRows(rows))
  console.log(`${rowCount} rows of ${customerCount} customers were encrypted`)

  const all = await decryptRows(path)
  assert.deepEqual(
    all,
    rows.map(({ text }) => text),
  )
  console.log("all of them decrypt")

  await kh.keys.delete(keyOf(leaving), { windowSeconds: 0 })
  const left = await decryptRows(path)
  assert.deepEqual(
    left,
    rows.map(({ customer, text }) => (customer === leaving ? undefined : text)),
  )
  const gone = left.filter((text) => text === undefined).length
  console.log(`customer ${leaving}'s key was deleted: his ${gone} rows are gone, no others`)
} finally {
  kh.close()
  await rm(work, { recursive: true })
}

async function makeKeys(): Promise<void> {
  const outcomes = await kh.batch(
    Array.from({ length: customerCount }, (_, customer) =>
      calls.createKey({ name: keyOf(customer), algorithm: "AES_256", tags: { run } }),
    ),
  )
  for (const outcome of outcomes) if (!outcome.ok) throw outcome.error
}

/** Lines of `number,customer,ciphertext`, made by as few requests as possible. */
async function encryptRows(rows: readonly Row[]): Promise<string> {
  const outcomes = await kh.batch(
    rows.map(({ number, customer, text }) =>
      calls.encrypt(keyOf(customer), Buffer.from(text), { aad: Buffer.from(`row ${number}`) }),
    ),
  )
  const lines = outcomes.map((outcome, index) => {
    if (!outcome.ok) throw outcome.error
    return `${index},${rows[index]?.customer},${encodeBase64(outcome.value)}\n`
  })
  return lines.join("")
}

/** The text of every row; undefined for one that no longer opens. */
async function decryptRows(path: string): Promise<(string | undefined)[]> {
  const lines = (await readFile(path, "utf8")).trimEnd().split("\n")
  const outcomes = await kh.batch(
    lines.map((line) => {
      const [number, , ciphertext = ""] = line.split(",")
      return calls.decrypt(decodeBase64(ciphertext), { aad: Buffer.from(`row ${number}`) })
    }),
  )
  return outcomes.map((outcome) => {
    if (outcome.ok) return Buffer.from(outcome.value).toString("utf8")
    // Not just any failure: the key is deleted.
    assert.equal(outcome.error.code, "KEY_STATE")
    return undefined
  })
}
