/** NIST's vectors of LMS (ACVP, SP 800-208), each as HSS of one level: it is all that we store. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"
import { folder } from "./wycheproof.ts"

export interface LmsCase {
  readonly id: string
  /** RFC 9802's SubjectPublicKeyInfo. */
  readonly spki: Uint8Array
  readonly message: Uint8Array
  readonly signature: Uint8Array
  readonly valid: boolean
}

interface Group {
  readonly tgId: number
  readonly publicKey: string
  readonly tests: readonly {
    readonly tcId: number
    readonly message: string
    readonly signature: string
    /** Absent where all are right. */
    readonly testPassed?: boolean
  }[]
}

const [oneLevel, noneAbove] = ["00000001", "00000000"]

/** 28 of them. */
export function lmsCases(): readonly LmsCase[] {
  return ["sigVer", "sigGen"].flatMap((mode) => {
    const file = join(folder, `acvp/LMS-${mode}-1.0.json.gz`)
    // The published file, of which this is read.
    const { testGroups } = JSON.parse(gunzipSync(readFileSync(file)).toString()) as {
      readonly testGroups: readonly Group[]
    }
    return testGroups.flatMap(({ tgId, publicKey, tests }) =>
      tests.map(({ tcId, message, signature, testPassed = true }) => ({
        id: `${mode}-${tgId}-${tcId}`,
        spki: spkiOf(Uint8Array.fromHex(oneLevel + publicKey)),
        message: Uint8Array.fromHex(message),
        signature: Uint8Array.fromHex(noneAbove + signature),
        valid: testPassed,
      })),
    )
  })
}

function spkiOf(key: Uint8Array): Uint8Array {
  const head = "300d060b2a864886f70d0109100311"
  const bits = [0x03, key.length + 1, 0, ...key]
  return Uint8Array.from([0x30, 15 + bits.length, ...Uint8Array.fromHex(head), ...bits])
}
