/** The shape of an operation: body to command, services, result to body. */

import type { JsonValue } from "../../codec/json.ts"
import type { Context } from "../../service/commands.ts"
import type { Ports } from "../../service/ports.ts"
import { object, type Input, type Members, type Schema } from "../shapes.ts"
import { Fault } from "./fault.ts"
import { readUpload, type Uploaded } from "./upload.ts"

/** Who calls, and what he is served with. */
export interface Call {
  readonly ports: Ports
  /** Of an operation that is `byKey`, without a credential: nobody yet. */
  readonly context: Context
  readonly address: string
  /** The software's version. */
  readonly version: string
  /** The body as it came, and what it says it is. */
  readonly body: Uint8Array
  readonly contentType: string
  /** What the path's parameter stands for; empty where it has none. */
  readonly parameter: string
}

/** What is saved as a file, in place of JSON. */
export class Download {
  readonly mediaType: string
  readonly fileName: string
  readonly content: string | Uint8Array

  constructor(mediaType: string, fileName: string, content: string | Uint8Array) {
    this.mediaType = mediaType
    this.fileName = fileName
    this.content = content
  }
}

/** Bytes are base64; null is shown where the original shows it. */
export type Output = object | undefined

export interface Operation {
  /** 200 when absent: so the original answers nearly everything, deletions too. */
  readonly status?: 201
  /** Whoever has nothing but an approver's key may ask, where the request names the partition. */
  readonly byKey?: true
  /** Of its body; absent: it has none. */
  readonly body?: Schema
  /** Of its body, where that is not JSON. */
  readonly mediaType?: string
  readonly answer: (call: Call, body: () => JsonValue) => Promise<Output>
}

/**
 * An operation with a body.
 *
 * @param members - its body.
 */
export function operation<const M extends Members>(
  members: M,
  run: (call: Call, input: Input<M>) => Promise<Output>,
): Operation {
  const shape = object(members)
  return {
    body: shape.schema,
    answer: async (call, body) => await run(call, shape.read(present(body()), "")),
  }
}

/**
 * An operation on a file that its body brings.
 *
 * @param part - the name of the form's part with the members; the file is `file`.
 */
export function upload<const M extends Members>(
  part: string,
  members: M,
  run: (call: Call, input: Input<M>, file: Uploaded) => Promise<Output>,
): Operation {
  const shape = object(members)
  const file = { type: "string", contentMediaType: "application/octet-stream" }
  return {
    mediaType: "multipart/form-data",
    body: {
      type: "object",
      properties: { [part]: shape.schema, file },
      required: [part, "file"],
    },
    answer: async (call) => {
      const { json, file: brought } = await readUpload(call.body, call.contentType, part)
      return await run(call, shape.read(present(json), ""), brought)
    },
  }
}

function present(body: JsonValue): NonNullable<JsonValue> {
  if (body === null) throw new Fault("json", "the body is not an object")
  return body
}

/** An operation without one. */
export function bare(run: (call: Call) => Promise<Output>): Operation {
  return { answer: run }
}

/** The same, answered by 201. */
export function creating(one: Operation): Operation {
  return { ...one, status: 201 }
}
