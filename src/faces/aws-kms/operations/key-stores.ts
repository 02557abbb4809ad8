/**
 * Operations on custom key stores. There is none: the keys are here. Each answers as AWS does to
 * whoever has no key store, after the same decision as one about a key.
 */

import { checkKeyStores } from "../../../service/kms/key-stores.ts"
import { Fault, invalid } from "../fault.ts"
import * as members from "../members.ts"
import { operation, type Call, type Operation, type Output } from "../operation.ts"
import { choice, need, structure, text } from "../shapes.ts"

const storeId = text({ min: 1, max: 64 })
const neededStore = need(storeId)
const storeName = text({ min: 1, max: 256 })
const clusterId = text({ min: 19, max: 24, pattern: /^cluster-[2-7a-zA-Z]{11,16}$/ })
const storeType = choice(["AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"])
const secret = true

const proxyMembers = {
  KeyStorePassword: text({ min: 7, max: 32, secret }),
  CloudHsmClusterId: clusterId,
  XksProxyUriEndpoint: text({ min: 10, max: 128, pattern: /^https:\/\/[a-zA-Z0-9.-]+$/ }),
  XksProxyUriPath: text({
    min: 10,
    max: 128,
    pattern: /^(?:\/[a-zA-Z0-9/_-]+\/kms\/xks\/v\d{1,2}|\/kms\/xks\/v\d{1,2})$/,
  }),
  XksProxyVpcEndpointServiceName: text({ min: 20, max: 64 }),
  XksProxyVpcEndpointServiceOwner: text({ min: 12, max: 12, pattern: /^\d{12}$/ }),
  XksProxyAuthenticationCredential: structure({
    AccessKeyId: need(text({ min: 20, max: 30, pattern: /^[A-Z2-7]+$/ })),
    RawSecretAccessKey: need(text({ min: 43, max: 64, secret })),
  }),
  XksProxyConnectivity: choice(["PUBLIC_ENDPOINT", "VPC_ENDPOINT_SERVICE"]),
}

export const keyStoreOperations = {
  CreateCustomKeyStore: operation(
    {
      ...proxyMembers,
      CustomKeyStoreName: need(storeName),
      TrustAnchorCertificate: text({ min: 1, max: 5_000 }),
      CustomKeyStoreType: storeType,
    },
    async (call, input) => {
      await checkKeyStores(call.ports, call.context, "change")
      if (input.CustomKeyStoreType === "EXTERNAL_KEY_STORE") {
        if (input.XksProxyUriEndpoint === undefined) throw invalid("XksProxyUriEndpoint is needed.")
        const text = "Keys are kept here: this service is no client of a key store's proxy."
        throw new Fault("XksProxyUriUnreachableException", text)
      }
      const { CloudHsmClusterId: cluster } = input
      if (cluster === undefined) throw invalid("CloudHsmClusterId is needed.")
      throw new Fault("CloudHsmClusterNotFoundException", `There is no cluster ${cluster}.`)
    },
  ),
  DescribeCustomKeyStores: operation(
    {
      CustomKeyStoreId: storeId,
      CustomKeyStoreName: storeName,
      Limit: members.limit,
      Marker: members.marker,
    },
    async (call, { CustomKeyStoreId: id, CustomKeyStoreName: name }): Promise<Output> => {
      await checkKeyStores(call.ports, call.context, "list")
      if (id !== undefined && name !== undefined) {
        throw invalid("CustomKeyStoreId and CustomKeyStoreName exclude each other.")
      }
      const asked = id ?? name
      if (asked !== undefined) throw absentStore(asked)
      return { CustomKeyStores: [], Truncated: false }
    },
  ),
  UpdateCustomKeyStore: operation(
    { ...proxyMembers, CustomKeyStoreId: neededStore, NewCustomKeyStoreName: storeName },
    refuse,
  ),
  DeleteCustomKeyStore: operation({ CustomKeyStoreId: neededStore }, refuse),
  ConnectCustomKeyStore: operation({ CustomKeyStoreId: neededStore }, refuse),
  DisconnectCustomKeyStore: operation({ CustomKeyStoreId: neededStore }, refuse),
} as const satisfies Record<string, Operation>

async function refuse(
  call: Call,
  { CustomKeyStoreId }: { readonly CustomKeyStoreId: string },
): Promise<never> {
  await checkKeyStores(call.ports, call.context, "change")
  throw absentStore(CustomKeyStoreId)
}

export function absentStore(id: string): Fault {
  return new Fault("CustomKeyStoreNotFoundException", `There is no custom key store ${id}.`)
}
