/** The table of routes: total, so an operation of the document without a route does not compile. */

import type { RoutedId, Routes } from "../route.ts"
import { auditRoutes } from "./audit.ts"
import { certificateRoutes } from "./certificates.ts"
import { cryptoRoutes } from "./crypto.ts"
import { approverRoutes, partitionRoutes, principalRoutes } from "./governing.ts"
import { keyRoutes } from "./keys.ts"
import { requestRoutes } from "./requests.ts"

/** Every operation that one service answers. */
export const routes: Routes<RoutedId> = {
  ...approverRoutes,
  ...auditRoutes,
  ...certificateRoutes,
  ...cryptoRoutes,
  ...keyRoutes,
  ...partitionRoutes,
  ...principalRoutes,
  ...requestRoutes,
}
