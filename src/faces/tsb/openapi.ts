/** The dialect as an OpenAPI 3.1 document, made from the tables that serve it. */

import type { JsonObject } from "../../codec/json.ts"
import { answers, type About } from "./answers.ts"
import { reasons } from "./fault.ts"
import type { Operation } from "./operation.ts"
import { routes } from "./routes.ts"
import { absent } from "./routes/absent.ts"

/** Names of the one parameter that some paths have, by what stands before it. */
const parameters: Readonly<Record<string, string>> = {
  key: "label",
  request: "requestId",
  generateRandom: "length",
  hsm: "count",
  approverManagement: "approverName",
}

/** Whoever serves it puts his own server in front. */
export function tsbOpenApi(version: string): JsonObject {
  const paths: Record<string, Record<string, JsonObject>> = {}
  for (const [name, operation] of Object.entries<Operation>(routes)) {
    const [method = "", route = ""] = name.split(" ")
    const [, word = ""] = route.split("/")
    const parameter = parameters[word] ?? "name"
    const path = (paths[route.replace("{}", `{${parameter}}`)] ??= {})
    path[method.toLowerCase()] = describe(name, operation, route.includes("{}") ? parameter : "")
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Keyhold, dialect of the Transaction Security Broker",
      version,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      description:
        "Bytes are standard base64. Members that nobody knows are ignored; null is as good as " +
        "absent. What Keyhold does otherwise than the original: docs/operate/tsb.md.",
    },
    servers: [
      { url: "/v1" },
      {
        url: "/p/{partition}/v1",
        description: "For clients that cannot send a header of ours.",
        variables: { partition: { default: "0".repeat(26), description: "The partition's id." } },
      },
    ],
    security: [{ apiKey: [] }, { bearer: [] }, { mutualTLS: [] }],
    paths,
    components: { securitySchemes, responses: { Fault: fault } },
  }
}

const securitySchemes = {
  apiKey: { type: "apiKey", in: "header", name: "X-API-KEY" },
  bearer: { type: "http", scheme: "bearer" },
  mutualTLS: { type: "mutualTLS" },
} as const

const fault = {
  description: "Refused, or failed.",
  content: {
    "application/json": {
      schema: {
        type: "object",
        properties: {
          errorCode: { type: "integer", enum: Object.values(reasons).map(({ number }) => number) },
          reason: {
            type: "string",
            enum: Object.keys(reasons).map((name) => `res.error.${name}`),
          },
          message: { type: "string" },
        },
        required: ["errorCode", "reason", "message"],
        additionalProperties: false,
      },
    },
  },
}

function describe(
  name: string,
  { status, byKey, body, mediaType: bodyType = "application/json" }: Operation,
  parameter: string,
) {
  const refused = { $ref: "#/components/responses/Fault" }
  const common = {
    operationId: operationIdOf(name),
    ...(parameter === "" ? {} : { parameters: [parameterOf(parameter)] }),
    ...(byKey === true ? { security: [{}, { apiKey: [] }, { bearer: [] }] } : {}),
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { [bodyType]: { schema: body } } } }),
  }
  if (isAbsent(name)) {
    const responses = { "501": refused }
    return { ...common, summary: `Not served: ${absent[name]}`, deprecated: true, responses }
  }
  const about: About = answers[name as keyof typeof answers]
  const { summary, answer: schema, mediaType = "application/json" } = about
  const done = { description: "Done.", content: { [mediaType]: { schema } } }
  return { ...common, summary, responses: { [status ?? 200]: done, default: refused } }
}

function isAbsent(name: string): name is keyof typeof absent {
  return Object.hasOwn(absent, name)
}

function parameterOf(name: string): JsonObject {
  const type = name === "length" ? "integer" : "string"
  return { name, in: "path", required: true, schema: { type } }
}

/** `POST /key/export/plain` -> `postKeyExportPlain`. */
function operationIdOf(name: string): string {
  const [method = "", path = ""] = name.split(" ")
  const words = path.replace("{}", "one").split(/[^A-Za-z]+/)
  const parts = words.filter((word) => word !== "")
  return [
    method.toLowerCase(),
    ...parts.map((word) => word.charAt(0).toUpperCase() + word.slice(1)),
  ].join("")
}
