/** Wycheproof's vectors of HKDF and PBKDF2. */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"
import type { DerivationId } from "../../src/engine/provider.ts"
import { folder } from "./wycheproof.ts"

export interface DerivationCase {
  readonly id: string
  readonly mechanism: DerivationId
  readonly secret: Uint8Array
  readonly salt: Uint8Array
  readonly info: Uint8Array
  readonly iterations: number | undefined
  readonly bytes: number
  readonly derived: Uint8Array
  readonly isValid: boolean
}

const files = {
  hkdf_sha256: ["HKDF_SHA_256", 86],
  hkdf_sha384: ["HKDF_SHA_384", 83],
  hkdf_sha512: ["HKDF_SHA_512", 83],
  pbkdf2_hmacsha256: ["PBKDF2_HMAC_SHA_256", 60],
} as const satisfies Record<string, readonly [DerivationId, number]>

/** The published JSON, as far as it is read here. */
interface Test {
  readonly tcId: number
  readonly ikm?: string
  readonly password?: string
  readonly salt?: string
  readonly info?: string
  readonly iterationCount?: number
  readonly size?: number
  readonly dkLen?: number
  readonly okm?: string
  readonly dk?: string
  readonly result: "valid" | "invalid"
}

export function derivationCases(): readonly DerivationCase[] {
  return Object.entries(files).flatMap(([file, [mechanism, count]]) => {
    const bytes = gunzipSync(readFileSync(join(folder, "wycheproof", `${file}_test.json.gz`)))
    const { testGroups } = JSON.parse(bytes.toString()) as {
      readonly testGroups: readonly { readonly tests: readonly Test[] }[]
    }
    const tests = testGroups.flatMap(({ tests: some }) => some)
    assert.equal(tests.length, count, file)
    return tests.map((one) => ({
      id: `${file}#${one.tcId}`,
      mechanism,
      secret: hex(one.ikm ?? one.password),
      salt: hex(one.salt),
      info: hex(one.info),
      iterations: one.iterationCount,
      bytes: one.size ?? one.dkLen ?? 0,
      derived: hex(one.okm ?? one.dk),
      isValid: one.result === "valid",
    }))
  })
}

function hex(text = ""): Uint8Array {
  return Uint8Array.fromHex(text)
}
