/** Routes of requests, and what becomes of an operation that is asked for in one. */

import type { OperationId } from "../../../domain/operation.ts"
import type { RequestId } from "../../../domain/ids.ts"
import type { RequestRecord } from "../../../domain/request.ts"
import type { RequestedCommand } from "../../../service/requestable.ts"
import type { RequestView } from "../../../service/quorum-commands.ts"
import { webhookEvents, type Webhook } from "../../../domain/webhook.ts"
import type * as wire from "../api.generated.ts"
import type { Request, RequestedOperation } from "../api.generated.ts"
import { renderPage } from "../render.ts"
import { renderRequest, renderSummary } from "../render-request.ts"
import { nothing, route, type Routes } from "../route.ts"
import { milliseconds, renderTime } from "../times.ts"
import { certificateRoutes } from "./certificates.ts"
import { cryptoRoutes } from "./crypto.ts"
import { partitionRoutes } from "./governing.ts"
import { keyRoutes } from "./keys.ts"

/** Operations that can be asked for: what decides them, and the routes that read and answer. */
const askable = {
  encrypt: ["key.encrypt", cryptoRoutes.encrypt],
  decryptRaw: ["key.decrypt", cryptoRoutes.decryptRaw],
  decrypt: ["key.decrypt", cryptoRoutes.decrypt],
  sign: ["key.sign", cryptoRoutes.sign],
  mac: ["key.mac", cryptoRoutes.mac],
  verifyMac: ["key.verify-mac", cryptoRoutes.verifyMac],
  generateDataKey: ["key.data-key", cryptoRoutes.generateDataKey],
  exportKey: ["key.wrap", keyRoutes.exportKey],
  unwrapKey: ["key.unwrap", keyRoutes.unwrapKey],
  deriveKey: ["key.derive", keyRoutes.deriveKey],
  deriveChild: ["key.derive-child", keyRoutes.deriveChild],
  decapsulate: ["key.decapsulate", cryptoRoutes.decapsulate],
  agree: ["key.agree", cryptoRoutes.agree],
  updateKey: ["key.update", keyRoutes.updateKey],
  rotateKey: ["key.rotate", keyRoutes.rotateKey],
  trustKey: ["key.trust", keyRoutes.trustKey],
  blockKey: ["key.block", keyRoutes.blockKey],
  unblockKey: ["key.unblock", keyRoutes.unblockKey],
  setKeyRules: ["key.set-rules", keyRoutes.setKeyRules],
  protectKey: ["key.protect", keyRoutes.protectKey],
  setPartitionRules: ["partition.set-rules", partitionRoutes.setPartitionRules],
  requestCertificate: ["certificate.request", certificateRoutes.requestCertificate],
  selfSignCertificate: ["certificate.self-sign", certificateRoutes.selfSignCertificate],
  issueCertificate: ["certificate.issue", certificateRoutes.issueCertificate],
} as const satisfies Record<
  RequestedOperation["operation"],
  readonly [RequestedCommand["operation"], unknown]
>

/** What is rendered; of a changed key or partition, id and revision stand in the result already. */
const rendered: readonly (keyof typeof askable)[] = [
  "encrypt",
  "decrypt",
  "sign",
  "mac",
  "verifyMac",
  "generateDataKey",
  "exportKey",
  "decapsulate",
  "agree",
  "requestCertificate",
  "selfSignCertificate",
  "issueCertificate",
]
const renderers = new Map<OperationId, (result: never) => object>(
  rendered.map((name) => [askable[name][0], askable[name][1].render]),
)

/** What an operation answered, as its own call has it. */
export function renderResult(operation: OperationId, result: object): object {
  // The service of this very operation has answered so.
  const render = renderers.get(operation) as ((result: object) => object) | undefined
  return render === undefined ? result : render(result)
}

/**
 * The command that an operation's own route would hand to its service.
 *
 * @param asked - has passed the validators of that operation.
 */
export function parseAsked(
  name: RequestedOperation["operation"],
  asked: { readonly params: unknown; readonly body: unknown },
): RequestedCommand {
  const [operation, { parse }] = askable[name]
  // Name, validators and route belong together: the table says so.
  const parameters = (parse as (asked: unknown) => object)(asked)
  return { operation, parameters } as RequestedCommand
}

/** Operations of the group Requests, but for making one. */
export const requestRoutes = {
  listRequests: route(
    "listRequests",
    ({ params: { key, ...rest } }) => ({ ...rest, keyId: key }),
    (page) => renderPage(page, renderSummary),
  ),
  getRequest: route("readRequest", ({ params: { request } }) => requestId(request), renderView),
  speakOnRequest: route(
    "speakOnRequest",
    ({ params: { request }, body }) => ({ request: requestId(request), ...body }),
    renderView,
  ),
  cancelRequest: route(
    "cancelRequest",
    ({ params: { request } }) => requestId(request),
    renderView,
  ),
  createWebhook: route(
    "createWebhook",
    ({ body: { url, events = webhookEvents } }) => ({ url, events }),
    ({ webhook, secret }) => ({ webhook: renderWebhook(webhook), secret }),
  ),
  listWebhooks: route("listWebhooks", nothing, (hooks) => ({ items: hooks.map(renderWebhook) })),
  deleteWebhook: route("deleteWebhook", ({ params: { webhook } }) => webhook, nothing),
  testWebhook: route(
    "testWebhook",
    ({ params: { webhook } }) => webhook,
    (tested) => tested,
  ),
  watchRequests: route(
    "watchRequests",
    ({ params: { seconds } }) => ({
      forMs: seconds === undefined ? undefined : milliseconds(seconds),
    }),
    renderEvents,
  ),
} as const satisfies Routes<
  | "listRequests"
  | "getRequest"
  | "speakOnRequest"
  | "cancelRequest"
  | "watchRequests"
  | "createWebhook"
  | "listWebhooks"
  | "deleteWebhook"
  | "testWebhook"
>

/** A webhook, without its secret. */
function renderWebhook({ id, url, events, createdAt }: Webhook): wire.Webhook {
  return { id, url, events, createdAt: renderTime(createdAt) }
}

/** A request that was made, or read. */
export function renderView(view: RequestView): Request {
  return renderRequest(view, renderResult)
}

// The id has passed the pattern of the schema Id: only the brand is new.
const requestId = (text: string) => text as RequestId

/** WHATWG HTML section 9.2: an event for each request, a comment for each heartbeat. */
async function* renderEvents(
  requests: AsyncIterable<RequestRecord | undefined>,
): AsyncGenerator<string> {
  for await (const one of requests) {
    if (one === undefined) {
      yield ":\n\n"
      continue
    }
    const data = JSON.stringify(renderSummary(one))
    yield `event: request\nid: ${one.id}.${one.revision}\ndata: ${data}\n\n`
  }
}
