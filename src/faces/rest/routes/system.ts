/** What answers without a caller, and while the node is sealed. */

import { encodeBase64 } from "../../../codec/base64.ts"
import { parseKeyAlgorithm } from "../../../domain/algorithms.ts"
import {
  listKeyAlgorithms,
  listMechanisms,
  type KeyAlgorithmEntry,
} from "../../../domain/catalogue.ts"
import type * as wire from "../api.generated.ts"
import type { NodePort, SealStatus } from "../ports.ts"
import type { Request, Response, SystemId } from "../route.ts"

/** What these routes work with. */
export interface System {
  readonly node: NodePort
  /** The API's description, as JSON text. */
  readonly openapi: string
  readonly page: string
}

/** A status other than the operation's own, where there is one. */
export interface Answer<Id extends SystemId> {
  readonly status?: number
  readonly body: Response<Id>
}

type SystemRoutes = {
  readonly [Id in SystemId]: (
    system: System,
    request: Request<Id>,
    address: string,
  ) => Answer<Id> | Promise<Answer<Id>>
}

/** Every operation of the group System. */
export const systemRoutes: SystemRoutes = {
  live: () => ({ body: { live: true } }),
  ready: async ({ node }) => {
    const body = await node.ready()
    return body.ready ? { body } : { status: 503, body }
  },
  metrics: async ({ node }) => ({ body: await node.metrics() }),
  explorer: ({ page }) => ({ body: page }),
  openapi: ({ openapi }) => ({ body: openapi }),
  version: ({ node }) => ({ body: node.version() }),
  algorithms: () => ({ body: { keys: listKeyAlgorithms().map(renderAlgorithm), mechanisms } }),
  sealStatus: ({ node }) => ({ body: renderStatus(node.status()) }),
  unseal: async ({ node }, { body: { share } }, address) => ({
    body: renderStatus(await node.submitShare(share, address)),
  }),
}

const mechanisms = listMechanisms()

function renderAlgorithm({ child, ...entry }: KeyAlgorithmEntry): wire.KeyAlgorithmEntry {
  const known = child === undefined ? undefined : parseKeyAlgorithm(child)
  return known === undefined ? entry : { ...entry, child: known }
}

function renderStatus(status: SealStatus): wire.SealStatus {
  const { state, clusterId, nodeId, sharesReceived, threshold } = status
  const { importerKey, importerSignature } = status
  return {
    state,
    sealed: state !== "operational",
    clusterId,
    nodeId,
    nodeKey: encodeBase64(status.nodeKey),
    importerKey: importerKey && encodeBase64(importerKey),
    importerSignature: importerSignature && encodeBase64(importerSignature),
    sharesReceived,
    threshold,
  }
}
