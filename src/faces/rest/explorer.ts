/** The explorer: one page, its script and its style, read once. */

import { readFileSync } from "node:fs"

/** A file of the page, ready to send. */
export interface Asset {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const assetTypes = {
  "/explorer.js": "text/javascript; charset=utf-8",
  "/explorer.css": "text/css; charset=utf-8",
} as const

/** The page, and what it loads by path. */
export function readExplorer(): {
  readonly page: string
  readonly assets: ReadonlyMap<string, Asset>
} {
  const assets = Object.entries(assetTypes).map(([path, type]): [string, Asset] => [
    path,
    {
      headers: {
        "content-type": type,
        "cache-control": "no-cache",
        "x-content-type-options": "nosniff",
      },
      body: read(path),
    },
  ])
  return { page: read("/explorer.html"), assets: new Map(assets) }
}

function read(path: string): string {
  return readFileSync(new URL(`explorer${path}`, import.meta.url), "utf8")
}
