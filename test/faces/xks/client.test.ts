/** The face over real services: a client certificate's name reaches whoever judges it. */

import assert from "node:assert/strict"
import { after, test } from "node:test"

import { createXksFace } from "../../../src/faces/xks/face.ts"
import { createPrincipal } from "../../../src/service/principals.ts"
import { signWithSdk } from "../../support/aws-signer.ts"
import { memoryStack } from "../../support/stack.ts"

const { stack, as } = await memoryStack()
after(async () => {
  await stack.stop()
  await stack.cluster.remove()
})
const face = createXksFace({
  ports: () => stack.ports,
  authenticate: (evidence) => stack.operational.authenticator.authenticateSigned(evidence),
  ready: async () => ({ ready: true }),
  version: "0.1.0",
  onUnexpected: assert.ifError,
})
const name = "cks.kms.eu-central-1.amazonaws.com"
const { principal, accessKey } = await createPrincipal(stack.ports, as("officer"), {
  name: "aws",
  roles: ["user"],
  keyStore: { clientNames: [name] },
  credential: { kind: "access-key" },
})

/** Health is what no policy refuses. */
async function health(clientName?: string): Promise<number> {
  assert.ok(accessKey !== undefined)
  const path = `/xks/${principal.id}/kms/xks/v1/health`
  const body = Buffer.from('{"requestMetadata":{"kmsRequestId":"1","kmsOperation":"Check"}}')
  const unsigned = { method: "POST", path, headers: { host: "localhost" }, body }
  const at = stack.clock.now()
  const made = await signWithSdk(unsigned, { ...accessKey, service: "kms-xks-proxy", at })
  const headers = new Map(
    Object.entries(made).map(([header, value]) => [header.toLowerCase(), value] as const),
  )
  const { status } = await face({
    method: "POST",
    path,
    query: "",
    header: (one) => headers.get(one),
    body,
    requestId: "1",
    peer: { address: "192.0.2.1", clientName },
  })
  return status
}

test("health too wants the certificate that the key store asks for", async () => {
  assert.equal(await health(name), 200)
  assert.equal(await health(), 401)
  assert.equal(await health("cks.kms.us-east-1.amazonaws.com"), 401)
})
