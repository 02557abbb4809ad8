/** The document of Keyhold's own API, as `npm run generate` made it. */

import { readFile } from "node:fs/promises"

import { loadApi, type Api } from "../faces/rest/endpoints.ts"

/** Endpoints and validators, ready to serve. */
export async function readApi(): Promise<Api> {
  const file = new URL("../../api/openapi.generated.json", import.meta.url)
  return loadApi(await readFile(file, "utf8"))
}
