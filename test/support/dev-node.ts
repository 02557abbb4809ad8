/** A development node in this process, in a folder of its own, for one test file. */

import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { startDevelopment, type DevFile } from "../../src/daemon/dev.ts"
import type { RunningNode } from "../../src/daemon/serve.ts"
import type { Role } from "../../src/domain/principal.ts"
import { restClient, type Answer, type Fields, type RestClient } from "./rest-client.ts"

export interface DevNode {
  readonly dev: DevFile
  readonly running: RunningNode
  readonly client: RestClient
  /** The token of a role in the development partition, or in the cluster's own. */
  readonly token: (role: Role) => string
  /** Sends one request under `/api/v1/`, as whoever has the role. */
  readonly send: (role: Role, method: string, path: string, body?: Fields) => Promise<Answer>
  /** Stops the node and removes its folder. */
  stop(): Promise<void>
}

/**
 * Starts a node on a free port.
 *
 * @param workers - processes beside this one; what `KEYHOLD_TEST_WORKERS` says when absent, so that
 * every test of the wire can be run against several.
 */
export async function startDevNode(
  workers = Number(process.env["KEYHOLD_TEST_WORKERS"] ?? 0),
): Promise<DevNode> {
  const dataDir = await mkdtemp(join(tmpdir(), "keyhold-test-"))
  const { dev, running } = await startDevelopment({ dataDir, port: 0, workers })
  const client = restClient(dev)
  const token = (role: Role): string => dev.tokens[role] ?? ""
  return {
    dev,
    running,
    client,
    token,
    send: (role, method, path, body) =>
      client.send(method, `/api/v1/${path}`, { token: token(role), body }),
    async stop() {
      client.close()
      await running.close()
      await rm(dataDir, { recursive: true })
    },
  }
}
