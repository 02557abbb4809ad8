/** What the dialect tells about the service itself, and random bytes. */

import { encodeBase64 } from "../../../codec/base64.ts"
import { keyAlgorithm } from "../../../domain/algorithms.ts"
import { limits } from "../../../domain/limits.ts"
import { countCertificates } from "../../../service/certificates.ts"
import { countDataObjects } from "../../../service/data-objects.ts"
import { readPartition } from "../../../service/partition.ts"
import { newestRecords } from "../../../service/read-audit.ts"
import { generateRandom } from "../../../service/random.ts"
import { listKeys } from "../../../service/read-key.ts"
import { invalid } from "../fault.ts"
import { bare, type Call, type Operation } from "../operation.ts"

/** What clients ask for before they use it; Keyhold sells no flags. */
const clientFlags = ["REST_API", "TSB_ENGINE", "KEY_AUTH"] as const

export const serviceRoutes = {
  "GET /versionInfo": bare(({ version }) =>
    Promise.resolve({ Version: version, Vendor: "Keyhold" }),
  ),
  "GET /licenseInfo": bare(() => Promise.resolve({ clientFlags })),
  "GET /keystore/statistics": bare(async (call) => ({
    keyStoreStatistics: await statistics(call),
  })),
  "GET /hsm/log": bare((call) => log(call, limits.pageSizeDefault)),
  "GET /hsm/log/{}": bare((call) => log(call, countIn(call.parameter))),
  "POST /generateRandom/{}": bare(random),
  "GET /generateRandom/{}": bare(random),
} as const satisfies Record<string, Operation>

async function random({ ports, context, parameter }: Call): Promise<object> {
  if (!/^\d{1,9}$/.test(parameter)) throw invalid("a length is a whole number")
  const bytes = await generateRandom(ports, context, { length: Number(parameter) })
  return { random: encodeBase64(bytes) }
}

/** The newest records, one line each: what `/api/v1/audit` shows of them, without proofs. */
async function log({ ports, context }: Call, count: number): Promise<object> {
  const records = await newestRecords(ports, context, count)
  const lines = records.map(({ chain, sequence, at, event: { partition: _own, ...said } }) => {
    const line = { at: new Date(at).toISOString(), chain, sequence, ...said }
    return `${JSON.stringify(line)}\n`
  })
  return { log: lines.join("") }
}

function countIn(text: string): number {
  const count = /^\d{1,6}$/.test(text) ? Number(text) : 0
  if (count >= 1 && count <= limits.pageSizeMax) return count
  throw invalid(`1 to ${limits.pageSizeMax} records are told`)
}

/** In the words of the original, as clients pick them out of the text. */
async function statistics({ ports, context }: Call): Promise<string> {
  const { name, quota } = await readPartition(ports, context)
  const counted = { private: 0, public: 0, secret: 0, invalidated: 0 }
  let after: string | undefined
  do {
    const page = await listKeys(ports, context, { after, limit: limits.pageSizeMax })
    for (const { algorithm, state } of page.items) {
      if (state === "invalidated") counted.invalidated++
      else if (keyAlgorithm(algorithm).form === "secret") counted.secret++
      else counted.private++
    }
    after = page.next
  } while (after !== undefined)
  const keys = counted.private + counted.secret + counted.invalidated
  return [
    `user ${name}`,
    `private keys ${counted.private}`,
    `public keys ${counted.private}`,
    `secret keys ${counted.secret}`,
    `certificates ${await countCertificates(ports, context)}`,
    `data objects ${await countDataObjects(ports, context)}`,
    `invalidated keys ${counted.invalidated}`,
    `remaining objects ${quota.keysMax - keys}`,
  ].join(", ")
}
