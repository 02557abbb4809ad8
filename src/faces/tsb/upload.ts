/** Requests that bring a file: one part of JSON, and the file (RFC 7578). */

import { parseJson, type JsonValue } from "../../codec/json.ts"
import { limits } from "../../domain/limits.ts"
import { invalid } from "./fault.ts"

/** A file that a request brings, or an answer is saved as. */
export interface Uploaded {
  /** Letters, digits, and what is no path. */
  readonly name: string
  readonly content: Uint8Array
}

/** What of a file's own name is used again: nothing that a header or a shell would read. */
const plainName = /^[\w][\w.-]{0,99}$/
const filePart = "file"

/**
 * Takes a form apart.
 *
 * @param part - the name of the part that holds JSON.
 * @throws Fault for what is no such form, has other parts, or one of them twice; CodecError for a
 * part that is no JSON.
 */
export async function readUpload(
  body: Uint8Array,
  contentType: string,
  part: string,
): Promise<{ readonly json: JsonValue; readonly file: Uploaded }> {
  const form = await formOf(body, contentType)
  const parts = [...form.keys()].toSorted((one, other) => (one < other ? -1 : 1))
  const wanted = [part, filePart].toSorted((one, other) => (one < other ? -1 : 1))
  if (parts.join("\n") !== wanted.join("\n")) {
    throw invalid(`the form has the parts ${part} and ${filePart}, each once`)
  }
  const [text, file] = [form.get(part), form.get(filePart)]
  // A client may send JSON as a file, and a file without a name.
  const json = typeof text === "string" ? Buffer.from(text) : await bytesOf(text)
  const name = typeof file === "string" ? "" : (file?.name ?? "")
  const content = typeof file === "string" ? Buffer.from(file) : await bytesOf(file)
  return {
    json: parseJson(json, limits.jsonDepthMax),
    file: { name: plainName.test(name) ? name : filePart, content },
  }
}

/** Node's own parser. What is said against it on servers is its memory: the body is bounded. */
async function formOf(body: Uint8Array, contentType: string): Promise<FormData> {
  if (!/^multipart\/form-data\s*;/i.test(contentType)) throw noForm()
  try {
    const headers = { "content-type": contentType }
    // oxlint-disable-next-line typescript/no-deprecated
    return await new Response(Buffer.from(body), { headers }).formData()
  } catch {
    throw noForm()
  }
}

function noForm(): Error {
  return invalid("the body is no multipart/form-data")
}

async function bytesOf(part: Blob | null): Promise<Uint8Array> {
  return part === null ? new Uint8Array(0) : new Uint8Array(await part.arrayBuffer())
}
