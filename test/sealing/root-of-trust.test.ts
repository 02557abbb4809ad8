import assert from "node:assert/strict"
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"

import { flipBit } from "../support/flip-bit.ts"
import { instant } from "../../src/domain/ids.ts"
import { SecretBytes } from "../../src/engine/secret-bytes.ts"
import { sealForImporter } from "../../src/sealing/importer.ts"
import { FileRoot, SharesRoot } from "../../src/sealing/root-of-trust.ts"
import { holdCeremony, reveal, start } from "./ceremony-fixture.ts"

const twoOfThree = { scheme: "shamir", threshold: 2, total: 3 } as const
const refused = { code: "UNSEAL_REFUSED", message: "the share was not accepted" }

test("shares of every scheme give the key, and progress tells how many are here", async () => {
  const shapes = [twoOfThree, { scheme: "xor", threshold: 3, total: 3 }] as const
  for (const shape of shapes) {
    const { root, sealed, master } = await holdCeremony(shape.scheme, shape)
    for (let index = 1; index < shape.threshold; index++) {
      assert.equal(await root.submit(sealed(index), start), undefined)
      assert.deepEqual(root.progress(), { received: index, threshold: shape.threshold })
    }
    assert.deepEqual(reveal(await root.submit(sealed(shape.threshold), start)), master)
    assert.deepEqual(root.progress(), { received: 0, threshold: shape.threshold })
  }
})

test("a repeated share makes no progress, sealed anew or replayed byte for byte", async () => {
  const { root, sealed, master } = await holdCeremony("repeat", twoOfThree)
  const first = sealed(1)
  for (const share of [first, first, sealed(1)]) {
    assert.equal(await root.submit(share, start), undefined)
    assert.equal(root.progress().received, 1)
  }
  assert.deepEqual(reveal(await root.submit(sealed(3), start)), master)
})

test("a wrong share is refused with one message and spoils nothing", async () => {
  const { root, sealed, master, open } = await holdCeremony("wrong", twoOfThree)
  const other = await holdCeremony("another cluster", twoOfThree)
  await root.submit(sealed(1), start)
  const { share, part } = open(2)
  const forge = (index: number, bytes: Uint8Array) => {
    const forged = { share: { ...share, index }, part: new SecretBytes(bytes) }
    return sealForImporter(root.offer(start), forged, start)
  }
  const bytes = reveal(part)
  assert(bytes)
  const wrong = {
    "a part of another cluster": forge(2, reveal(other.open(2).part) ?? bytes),
    "a part with one bit flipped": forge(2, flipBit(bytes, 7)),
    "a part with another x coordinate": forge(2, flipBit(bytes, 32)),
    "a part under another index": forge(3, bytes),
    "an index of zero": forge(0, bytes),
    "an index beyond the total": forge(4, bytes),
    "a part cut short": forge(2, bytes.slice(1)),
    "no part at all": forge(2, new Uint8Array()),
    "a share sealed for another node": other.sealed(1),
    garbage: new Uint8Array(1170).fill(7),
    nothing: new Uint8Array(),
  }
  for (const [name, share] of Object.entries(wrong)) {
    await assert.rejects(root.submit(share, start), refused, name)
    assert.equal(root.progress().received, 1, name)
  }
  assert.deepEqual(reveal(await root.submit(sealed(2), start)), master)
})

test("parts that hold alone but not together are refused, and progress starts anew", async () => {
  const { identity, random, set, open } = await holdCeremony("set", twoOfThree)
  const forgedSet = { ...set, keyCommitment: flipBit(set.keyCommitment, 0) }
  const root = new SharesRoot({ identity, random }, { set: forgedSet, progressMs: 1, now: start })
  const seal = (index: number) => sealForImporter(root.offer(start), open(index), start)
  await root.submit(seal(1), start)
  await assert.rejects(root.submit(seal(2), start), refused)
  assert.equal(root.progress().received, 0)
})

test("progress is forgotten when its time is over", async () => {
  const { root, sealed, master } = await holdCeremony("slow", twoOfThree)
  await root.submit(sealed(1), start)
  const late = instant(start + 60_000)
  assert.equal(await root.submit(sealed(2), late), undefined)
  assert.equal(root.progress().received, 1)
  assert.deepEqual(reveal(await root.submit(sealed(1), instant(late + 59_999))), master)
})

test("the importer key is replaced after an unseal: a recorded share is dead", async () => {
  const { root, sealed, open, master } = await holdCeremony("replay", twoOfThree)
  const recorded = [sealed(1), sealed(2)]
  const before = root.offer(start)
  for (const share of recorded) await root.submit(share, start)
  assert.notDeepEqual(root.offer(start).importerKey, before.importerKey)
  for (const share of recorded) await assert.rejects(root.submit(share, start), refused)
  const anew = (index: number) => sealForImporter(root.offer(start), open(index), start)
  await root.submit(anew(1), start)
  assert.deepEqual(reveal(await root.submit(anew(2), start)), master)
})

test("the importer key is renewed in good time, and progress survives that", async () => {
  const { root, sealed } = await holdCeremony("renew", twoOfThree)
  await root.submit(sealed(1), start)
  const before = root.offer(start).importerKey
  const later = instant(start + 31 * 60_000)
  assert.notDeepEqual(root.offer(later).importerKey, before)
  assert.equal(root.progress().received, 1)
})

test("a development key opens from a file of mode 0600 and 32 bytes alone", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "keyhold-root-"))
  t.after(() => rm(folder, { recursive: true }))
  const path = join(folder, "development.key")
  const root = new FileRoot({ path, development: true })
  const sealed = { code: "SEALED" }
  await assert.rejects(root.open(), sealed)
  await writeFile(path, new Uint8Array(32).fill(9), { mode: 0o600 })
  assert.deepEqual(reveal(await root.open()), new Uint8Array(32).fill(9))
  await chmod(path, 0o640)
  await assert.rejects(root.open(), { ...sealed, message: /chmod 600/ })
  await chmod(path, 0o600)
  await writeFile(path, new Uint8Array(31))
  await assert.rejects(root.open(), { ...sealed, message: /32 bytes/ })
})
