/** Entry of the audit writer's thread: fsync and chain hashing happen here, away from requests. */

import { parentPort } from "node:worker_threads"

import { nodeScope } from "../audit/crypto.ts"
import { checkpointKeyName } from "../audit/protocol.ts"
import { serveAuditWriter } from "../audit/serve.ts"
import { addon } from "../engine/native/loaded.ts"
import { ThreadAuditCrypto } from "../sealing/audit-crypto.ts"
import { systemClock, pooledRandom } from "./system.ts"

if (parentPort !== null) {
  serveAuditWriter(parentPort, {
    clock: systemClock(),
    chainRecords: addon?.chainRecords,
    makeCrypto: (keys) =>
      new ThreadAuditCrypto(keys, { node: nodeScope, checkpoint: checkpointKeyName }, pooledRandom),
  })
}
