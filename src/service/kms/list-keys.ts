/** The keys of a region, as AWS's dialect lists them. */

import type { KeyAlgorithmId } from "../../domain/algorithms.ts"
import type { KeyRecord } from "../../domain/key.ts"
import { answersIn } from "../../domain/kms-key.ts"
import { limits } from "../../domain/limits.ts"
import { grantAdmits } from "../../domain/principal.ts"
import { perform } from "../act.ts"
import type { Context, Page, PageCommand } from "../commands.ts"
import { kmsOf } from "../find-key.ts"
import { matchingPage } from "../page.ts"
import type { Ports } from "../ports.ts"

/** One page of the keys that answer in a region, and whose algorithm the dialect has a word for. */
export async function listKmsKeys(
  ports: Ports,
  context: Context,
  command: PageCommand & {
    readonly region: string
    readonly algorithms: ReadonlySet<KeyAlgorithmId>
  },
): Promise<Page<KeyRecord>> {
  const { region, algorithms, after, limit = limits.pageSizeDefault } = command
  const { partition, grants } = context.caller
  return await perform(ports, context, { operation: "key.list" }, () =>
    matchingPage(ports, {
      kind: "key",
      partition,
      after,
      limit,
      matches: async (key) =>
        key.state !== "destroyed" &&
        key.unwraps?.into === undefined &&
        algorithms.has(key.algorithm) &&
        (grants.length === 0 || grants.some((grant) => grantAdmits(grant, "key.list", key))) &&
        answersIn(await kmsOf(ports, key), region),
    }),
  )
}
