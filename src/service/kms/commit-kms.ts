/** Commits what AWS's dialect keeps beside a key. */

import type { KmsKeyRecord } from "../../domain/kms-key.ts"
import { keyOf, type Act } from "../act.ts"
import { commitKey, revise } from "../change-key.ts"
import type { Ports } from "../ports.ts"

/**
 * Changes the record beside the key of an act, or makes the first one. With it the key's own record
 * gets a revision: whoever uses the key is under the new one when this answers.
 *
 * @throws HsmError as `commitKey`.
 */
export async function commitKms(
  ports: Ports,
  act: Act,
  change: {
    /** As it was; undefined: there was none. */
    readonly before: KmsKeyRecord | undefined
    readonly fields: Partial<Pick<KmsKeyRecord, "policy" | "grants">>
    /** Who is concerned, for the log. */
    readonly target?: string
  },
): Promise<void> {
  const { fields, ...rest } = change
  const key = keyOf(act)
  const { id, partition } = key
  const { before = { id, partition, revision: 0 }, ...about } = rest
  const record = { ...before, ...fields, revision: before.revision + 1 }
  await commitKey(ports, act, {
    ...about,
    before: key,
    after: revise(key, act, { kms: true }),
    extra: { changes: [{ kind: "kms-key", record }] },
  })
}
