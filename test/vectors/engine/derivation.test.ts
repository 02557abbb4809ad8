/** Derived bytes are those that Wycheproof publishes; what cannot be derived is refused. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { openKey, provider } from "../../../src/engine/open-keys.ts"
import { handleOf } from "../../engine/fixture.ts"
import { derivationCases } from "../derivation.ts"
import { vectorsMissing } from "../wycheproof.ts"

test("HKDF and PBKDF2 are as Wycheproof has them", { skip: vectorsMissing() }, async () => {
  for (const one of derivationCases()) {
    const { id, mechanism, secret, bytes, derived, isValid, ...input } = one
    const algorithm = mechanism.startsWith("HKDF") ? "GENERIC_SECRET" : "PASSWORD"
    const key = openKey(handleOf(algorithm, { material: secret }))
    const made = Promise.resolve().then(() =>
      provider.derivation[mechanism].derive(key, input, bytes),
    )
    if (isValid) assert.equal((await made).toHex(), derived.toHex(), id)
    else await assert.rejects(made, id)
  }
})
