/** Paths that the dialect has and Keyhold does not: each says so, and why. */

import { Fault } from "../fault.ts"
import { bare, type Operation } from "../operation.ts"

const backups = "no private key of an approver is kept here: he is deleted, and invited again"
const attestation = "there is no device behind this service whose maker could attest it"

/** By method and path, the reason. */
export const absent = {
  "POST /key/keyAttestation": attestation,
  "GET /attestation": attestation,
  "GET /attestation/{}": attestation,
  "POST /approverManagement/restoreFromBackup": backups,
  "POST /approverManagement/restoreFromBackup/forgotPassword": backups,
} as const satisfies Readonly<Record<string, string>>

export const absentRoutes: Readonly<Record<string, Operation>> = Object.fromEntries(
  Object.entries<string>(absent).map(([name, why]) => [
    name,
    bare(() => {
      throw new Fault("unsupported.operation", why, 501)
    }),
  ]),
)
