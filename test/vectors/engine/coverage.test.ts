/** Every row of the tables has a vector; those that we had to have made come out here as there. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { mechanismRow } from "../../../src/domain/algorithms.ts"
import { parsePath } from "../../../src/domain/derivation.ts"
import { agree } from "../../../src/engine/agreement.ts"
import { decrypt } from "../../../src/engine/cipher.ts"
import { importMaterial } from "../../../src/engine/generate.ts"
import { openHandle, type KeyHandle } from "../../../src/engine/key-handle.ts"
import { openKey, provider, rowFor } from "../../../src/engine/open-keys.ts"
import { sign, verify } from "../../../src/engine/signature.ts"
import { flip, keyId, none, permit } from "../../engine/fixture.ts"
import { allRows, knownAnswers, published, rowsOf, type Covered } from "../coverage.ts"
import { madeCases, type MadeCase } from "../made.ts"
import { vectorsMissing } from "../wycheproof.ts"

const skip = vectorsMissing()

function without(vectors: readonly Covered[]): readonly string[] {
  const covered = new Set(vectors.flatMap(rowsOf))
  return [...allRows()].filter((row) => !covered.has(row))
}

test("every row has a vector, of a publication or another implementation", { skip }, () => {
  const all = [...knownAnswers(), ...published(), ...madeCases()]
  assert.deepEqual(without(all), [])
  assert.ok(all.every(({ source }) => source.length > 0))
  const one = madeCases().find(({ mechanism }) => mechanism === "RSA_RAW")
  const others = all.filter(({ algorithm }) => algorithm !== one?.algorithm)
  assert.ok(without(others).includes(`${one?.algorithm} RSA_RAW`), "a row without one is named")
})

test("vectors were made only for rows that have no other", { skip }, () => {
  const had = new Set(without([...knownAnswers(), ...published()]))
  const idle = madeCases().filter((one) => !rowsOf(one).some((row) => had.has(row)))
  assert.deepEqual(
    idle.map(({ algorithm, mechanism }) => `${algorithm} ${mechanism}`),
    [],
  )
})

for (const made of madeCases()) {
  const { algorithm, mechanism, source } = made
  test(`${mechanism} with ${algorithm} is as ${source} made it`, () => check(made))
}

/** By what they are: checking a key of RSA-8192 takes seconds. */
const handles = new Map<string, Promise<KeyHandle>>()

function openOnce({ algorithm, key, path }: MadeCase): Promise<KeyHandle> {
  const what = `${algorithm} ${key.toHex()}`
  const known = handles.get(what)
  if (known !== undefined) return known
  const opening = importMaterial(algorithm, path === undefined ? "pkcs8" : "raw", key).then(
    (imported) => openHandle({ keyId, version: 1, algorithm, ...imported }),
  )
  handles.set(what, opening)
  return opening
}

async function check(made: MadeCase): Promise<void> {
  const { mechanism, message, signature, ciphertext, agreed } = made
  const handle = await openOnce(made)
  if (ciphertext !== undefined && mechanismRow(mechanism).kind === "wrap") {
    const row = rowFor(provider.wrap, handle, mechanism)
    using secret = await row.unwrap(openKey(handle), ciphertext)
    assert.deepEqual(
      secret.lend((bytes) => bytes.toHex()),
      message.toHex(),
    )
    const changed = Promise.resolve().then(() => row.unwrap(openKey(handle), flip(ciphertext, 77)))
    await assert.rejects(changed)
    return
  }
  if (ciphertext !== undefined) {
    const opening = permit("key.decrypt", handle, mechanism)
    const open = (bytes: Uint8Array): Promise<Uint8Array> | Uint8Array =>
      decrypt(opening, handle, { mechanism, iv: none, aad: none, ciphertext: bytes })
    assert.deepEqual(await open(ciphertext), message)
    // With the padding of PKCS #1 v1.5 and without any, something else comes out.
    const changed = Promise.resolve().then(() => open(flip(ciphertext, 77)))
    const other = await changed.catch(() => none)
    assert.notDeepEqual(other, message)
  }
  if (agreed !== undefined) {
    const input = { mechanism, publicKey: agreed.peer }
    const secret = await agree(permit("key.agree", handle, mechanism), handle, input)
    assert.deepEqual(secret, agreed.secret)
  }
  if (signature === undefined) return
  const path = made.path === undefined ? undefined : parsePath(made.path)
  const input = { mechanism, message, context: made.context, path }
  const verifying = permit("key.verify", handle, mechanism, path)
  assert.ok(verify(verifying, handle, { ...input, signature }))
  assert.ok(!verify(verifying, handle, { ...input, signature: flip(signature, 13) }))
  const own = await sign(permit("key.sign", handle, mechanism, path), handle, input)
  assert.ok(verify(verifying, handle, { ...input, signature: own }))
}
