import assert from "node:assert/strict"
import { after, test } from "node:test"

import { awsFace, type Body } from "../../support/aws-face.ts"

const aws = await awsFace()
after(() => aws.stop())

const CustomKeyStoreId = "cks-1234567890abcdef0"
const absent = `CustomKeyStoreNotFoundException: There is no custom key store ${CustomKeyStoreId}.`
const CustomKeyStoreName = "vault"
const KeyStorePassword = "kmsPswd-1"

test("there are no custom key stores, and none of a name or an id", async () => {
  const none = { CustomKeyStores: [], Truncated: false }
  assert.deepEqual(await aws.ok("DescribeCustomKeyStores"), none)
  assert.equal(await aws.fault("DescribeCustomKeyStores", { CustomKeyStoreId }), absent)
  const named = await aws.fault("DescribeCustomKeyStores", { CustomKeyStoreName })
  assert.match(named, /^CustomKeyStoreNotFoundException: .* vault\.$/)
  const both = await aws.fault("DescribeCustomKeyStores", { CustomKeyStoreId, CustomKeyStoreName })
  assert.match(both, /^ValidationException: /)
})

for (const name of ["Connect", "Disconnect", "Delete", "Update"]) {
  test(`${name} finds no key store`, async () => {
    assert.equal(await aws.fault(`${name}CustomKeyStore`, { CustomKeyStoreId }), absent)
  })
}

const creations: readonly (readonly [string, Body, RegExp])[] = [
  [
    "of a cluster that is not there",
    { CloudHsmClusterId: "cluster-2a23b4cdefg", KeyStorePassword, TrustAnchorCertificate: "x" },
    /^CloudHsmClusterNotFoundException: There is no cluster cluster-2a23b4cdefg\.$/,
  ],
  ["of no cluster", { KeyStorePassword }, /^ValidationException: CloudHsmClusterId is needed\.$/],
  [
    "behind a proxy",
    {
      CustomKeyStoreType: "EXTERNAL_KEY_STORE",
      XksProxyUriEndpoint: "https://proxy.example",
      XksProxyUriPath: "/prefix/kms/xks/v1",
    },
    /^XksProxyUriUnreachableException: /,
  ],
]
for (const [what, input, expected] of creations) {
  test(`a key store ${what} is not made`, async () => {
    const fault = await aws.fault("CreateCustomKeyStore", { CustomKeyStoreName, ...input })
    assert.match(fault, expected)
  })
}

test("a password that is refused is not shown", async () => {
  const input = { CustomKeyStoreId, KeyStorePassword: "short" }
  const fault = await aws.fault("UpdateCustomKeyStore", input)
  assert.match(fault, /^ValidationException: .*Value at 'keyStorePassword' failed/)
  assert.doesNotMatch(fault, /short/)
})

test("who may make no keys does not hear about key stores", async () => {
  const user = { name: "bob", roles: ["user"] as const }
  assert.match(
    await aws.fault("ConnectCustomKeyStore", { CustomKeyStoreId }, user),
    /^AccessDeniedException: .* kms:ConnectCustomKeyStore on resource: \*/,
  )
  await aws.ok("DescribeCustomKeyStores", {}, user)
})
