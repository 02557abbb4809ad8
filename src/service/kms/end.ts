/** What dies with a key besides its own record: its aliases, and what AWS's dialect keeps of it. */

import type { KeyRecord } from "../../domain/key.ts"
import type { Transaction } from "../../records/committer.ts"
import { kmsOf } from "../find-key.ts"
import type { Ports } from "../ports.ts"
import { aliasEnd, aliasesOf } from "./aliases.ts"

/** For the commit that destroys the key. */
export async function kmsEnd(
  ports: Pick<Ports, "records">,
  key: KeyRecord,
): Promise<Required<Pick<Transaction, "changes" | "rows">>> {
  const kms = await kmsOf(ports, key)
  if (kms === undefined) return { changes: [], rows: [] }
  const aliases = (await aliasesOf(ports, key)).map((alias) => aliasEnd(ports, alias))
  const record = { ...kms, revision: kms.revision + 1 }
  return {
    changes: [
      { kind: "kms-key", record, removes: true },
      ...aliases.flatMap(({ changes }) => changes),
    ],
    rows: aliases.flatMap(({ rows }) => rows),
  }
}
