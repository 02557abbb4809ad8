import assert from "node:assert/strict"
import { test } from "node:test"

import { flipBit } from "../support/flip-bit.ts"
import { instant } from "../../src/domain/ids.ts"
import { limits } from "../../src/domain/limits.ts"
import { checkOffer, Importer, sealForImporter } from "../../src/sealing/importer.ts"
import { createNodeIdentity } from "../../src/sealing/node-identity.ts"
import { holdCeremony, reveal, start } from "./ceremony-fixture.ts"

const ceremony = await holdCeremony("importer", { scheme: "shamir", threshold: 2, total: 3 })
const { clusterId, identity, random } = ceremony
const importer = new Importer({ identity, random }, { clusterId, now: start })
const { share } = ceremony.open(1)
const refused = { code: "UNSEAL_REFUSED" }
const shut = { code: "DECRYPTION_FAILED" }

test("a share reaches the node that it pins", () => {
  const opened = ceremony.open(1)
  const { index, part } = importer.open(sealForImporter(importer.offer, opened, start), start)
  assert.equal(index, 1)
  assert.deepEqual(reveal(part), reveal(opened.part))
})

test("a sealed share with any byte changed does not open in the node", () => {
  const sealed = sealForImporter(importer.offer, ceremony.open(1), start)
  for (let at = 0; at < sealed.length; at += 11) {
    assert.throws(() => importer.open(flipBit(sealed, at), start), shut, `byte ${at}`)
  }
  assert.throws(() => importer.open(sealed.subarray(1), start), shut)
})

test("a sealed share opens under no other importer key of the same node", () => {
  const next = new Importer({ identity, random }, { clusterId, now: start })
  const sealed = sealForImporter(importer.offer, ceremony.open(1), start)
  assert.throws(() => next.open(sealed, start), shut)
})

test("an importer key that another node signed is refused on the custodian's machine", () => {
  const { identity: mallory } = createNodeIdentity()
  const forged = new Importer({ identity: mallory, random }, { clusterId, now: start }).offer
  const unknown = { ...refused, message: /does not know this node/ }
  assert.throws(() => checkOffer(forged, share, start), unknown)
  const dressed = { ...forged, nodeId: identity.nodeId, nodeKey: identity.publicKey }
  const unsigned = { ...refused, message: /not signed by the node/ }
  assert.throws(() => checkOffer(dressed, share, start), unsigned)
  assert.throws(() => sealForImporter(dressed, ceremony.open(1), start), unsigned)
})

test("an offer with any part changed is refused", () => {
  const { offer } = importer
  const forgeries = [
    { ...offer, importerKey: flipBit(offer.importerKey, 0) },
    { ...offer, importerKey: flipBit(offer.importerKey, 1239) },
    { ...offer, importerKey: offer.importerKey.subarray(1) },
    { ...offer, importerSignature: flipBit(offer.importerSignature, 63) },
    { ...offer, importerSignature: new Uint8Array() },
    { ...offer, nodeId: "1".repeat(26) },
    { ...offer, nodeKey: flipBit(offer.nodeKey, 5) },
    { ...offer, nodeKey: new Uint8Array() },
  ]
  for (const forged of forgeries) assert.throws(() => checkOffer(forged, share, start), refused)
  assert.doesNotThrow(() => checkOffer(offer, share, start))
})

test("a share of another cluster is refused before it is opened", async () => {
  const other = await holdCeremony("elsewhere", { scheme: "xor", threshold: 2, total: 2 })
  const foreign = { ...refused, message: /the node belongs to cluster/ }
  assert.throws(() => checkOffer(importer.offer, other.open(1).share, start), foreign)
})

test("an importer key ends: for the custodian, and for the node", () => {
  const sealed = sealForImporter(importer.offer, ceremony.open(1), start)
  const last = instant(start + limits.importerKeyMs - 1)
  const late = instant(start + limits.importerKeyMs)
  assert.doesNotThrow(() => checkOffer(importer.offer, share, last))
  assert.doesNotThrow(() => importer.open(sealed, last))
  const expired = { ...refused, message: /expired/ }
  assert.throws(() => checkOffer(importer.offer, share, late), expired)
  assert.throws(() => importer.open(sealed, late), shut)
  assert(importer.isFresh(start))
  assert(!importer.isFresh(instant(start + limits.importerKeyMs / 2)))
})
