/** Paths that the dialect has and Keyhold does not: each says so, and why. */

import { Fault } from "../fault.ts"
import { bare, type Operation } from "../operation.ts"

const approvers = "approvers make their keys on their own devices, and rules name those"
const attestation = "there is no device behind this service whose maker could attest it"

/** By method and path, the reason. */
export const absent = {
  "POST /key/keyAttestation": attestation,
  "GET /attestation": attestation,
  "GET /attestation/{}": attestation,
  "POST /createRfcTimestamp": "this node is no time stamping authority",
  "POST /approver/onboard": approvers,
  "POST /approverManagement/create": approvers,
  "POST /approverManagement/renewOneTimeCode": approvers,
  "POST /approverManagement/restoreFromBackup": approvers,
  "POST /approverManagement/restoreFromBackup/forgotPassword": approvers,
  "GET /approverManagement/onboarding/status": approvers,
  "DELETE /approverManagement/delete/{}": approvers,
} as const satisfies Readonly<Record<string, string>>

export const absentRoutes: Readonly<Record<string, Operation>> = Object.fromEntries(
  Object.entries<string>(absent).map(([name, why]) => [
    name,
    bare(() => {
      throw new Fault("unsupported.operation", why, 501)
    }),
  ]),
)
