/** The operations of the AWS KMS API, by name. */

import type { Operation } from "./operation.ts"
import { aliasOperations } from "./operations/aliases.ts"
import { cryptoOperations } from "./operations/crypto.ts"
import { dataKeyOperations } from "./operations/data-keys.ts"
import { grantOperationRows } from "./operations/grants.ts"
import { keyStoreOperations } from "./operations/key-stores.ts"
import { familyOperations } from "./operations/families.ts"
import { importOperations } from "./operations/import.ts"
import { keyOperations } from "./operations/keys.ts"
import { policyOperations } from "./operations/policies.ts"
import { rotationOperations } from "./operations/rotation.ts"
import { signOperations } from "./operations/sign.ts"
import { tagOperations } from "./operations/tags.ts"

const operations = {
  ...keyOperations,
  ...rotationOperations,
  ...importOperations,
  ...familyOperations,
  ...tagOperations,
  ...aliasOperations,
  ...policyOperations,
  ...grantOperationRows,
  ...cryptoOperations,
  ...dataKeyOperations,
  ...signOperations,
  ...keyStoreOperations,
} as const satisfies Record<string, Operation>

/** Every name, for metrics and tests. */
export const operationNames: readonly string[] = Object.keys(operations)
const byName = new Map<string, Operation>(Object.entries(operations))

/** The operation of a name; undefined when AWS has none. */
export function operationOf(name: string): Operation | undefined {
  return byName.get(name)
}
