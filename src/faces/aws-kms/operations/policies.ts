/** Operations on a key's policy: there is one, and its name is `default`. */

import { HsmError } from "../../../domain/errors.ts"
import { putKeyPolicy, readKeyPolicy } from "../../../service/kms/key-policy.ts"
import { Fault } from "../fault.ts"
import * as members from "../members.ts"
import { operation, type Operation } from "../operation.ts"
import { pageCommand, renderPage } from "../pages.ts"
import { defaultPolicy, invalidPrincipal, readPolicy } from "../policy-document.ts"
import { malformed } from "../policy-json.ts"
import { flag, need, text } from "../shapes.ts"
import { onKey } from "../target.ts"

const policyName = text({ min: 1, max: 128, pattern: /^[\w]+$/ })
const theName = "default"

export const policyOperations = {
  GetKeyPolicy: operation(
    { KeyId: members.neededKeyId, PolicyName: policyName },
    async (call, { KeyId, PolicyName }) =>
      await onKey(call, KeyId, async ({ address: key, name }) => {
        const policy = await readKeyPolicy(call.ports, call.context, { key })
        checkName(PolicyName)
        return { Policy: policy?.text ?? defaultPolicy(name.account), PolicyName: theName }
      }),
  ),
  ListKeyPolicies: operation(
    { KeyId: members.neededKeyId, Limit: members.limit, Marker: members.marker },
    async (call, { KeyId, ...page }) =>
      await onKey(call, KeyId, async ({ address: key }) => {
        await readKeyPolicy(call.ports, call.context, { key })
        const { after } = pageCommand(call, page, { most: 1_000, usual: 100 })
        const items = after === undefined ? [theName] : []
        const found = { items, next: undefined }
        return renderPage(call, found, { as: "PolicyNames", render: (name) => name })
      }),
  ),
  PutKeyPolicy: operation(
    {
      KeyId: members.neededKeyId,
      PolicyName: policyName,
      Policy: need(members.policy),
      BypassPolicyLockoutSafetyCheck: flag,
    },
    async (call, { KeyId, PolicyName, Policy, BypassPolicyLockoutSafetyCheck: bypass = false }) => {
      checkName(PolicyName)
      const policy = readPolicy(Policy)
      await onKey(call, KeyId, async ({ address: key }) => {
        const command = { key, policy, bypass }
        await putKeyPolicy(call.ports, call.context, command).catch(tellPolicy)
      })
      return undefined
    },
  ),
} as const satisfies Record<string, Operation>

function checkName(name = theName): void {
  if (name === theName) return
  throw new Fault("NotFoundException", `No such policy exists: ${name}`)
}

/** What a service has against a policy, in AWS's words. */
export function tellPolicy(error: unknown): never {
  const field = error instanceof HsmError ? error.detail.field : undefined
  if (field === "/principal") throw invalidPrincipal()
  if (field !== "/policy") throw error
  throw malformed("The new key policy will not allow you to update the key policy in the future.")
}
