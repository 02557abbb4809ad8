/** Known answers of MACs and of key wrap. */

import type { MacId, WrapId } from "../provider.ts"
import { hex, type Answers, type MacAnswer, type WrapAnswer } from "./answer.ts"

export const macAnswers = {
  HMAC_SHA_256: [
    {
      algorithm: "HMAC_SHA_256",
      source: "RFC 4868 section 2.7.2, first vector",
      key: hex`0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b`,
      message: hex`4869205468657265`,
      mac: hex`198a607eb44bfbc69903a0f1cf2bbdc5ba0aa3f3d9ae3c1c7a3b1696a0b68cf7`,
    },
  ],
  HMAC_SHA_384: [
    {
      algorithm: "HMAC_SHA_384",
      source: "RFC 4868 section 2.7.2, first vector",
      key: hex`
        0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b
        0b0b0b0b0b0b
      `,
      message: hex`4869205468657265`,
      mac: hex`
        b6a8d5636f5c6a7224f9977dcf7ee6c7fb6d0c48cbdee9737a959796489bddbc4c5df61d5b3297b4fb68
        dab9f1b582c2
      `,
    },
  ],
  HMAC_SHA_512: [
    {
      algorithm: "HMAC_SHA_512",
      source: "RFC 4868 section 2.7.2, first vector",
      key: hex`
        0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b
        0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b
      `,
      message: hex`4869205468657265`,
      mac: hex`
        637edc6e01dce7e6742a99451aae82df23da3e92439e590e43e761b33e910fb8ac2878ebd5803f6f0b61
        dbce5e251ff8789a4722c1be65aea45fd464e89f8f5b
      `,
    },
  ],
} as const satisfies Readonly<Record<MacId, Answers<MacAnswer>>>

export const wrapAnswers = {
  AES_KWP: [
    {
      algorithm: "AES_192",
      source: "RFC 5649 section 6, first vector",
      key: hex`5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8`,
      secret: hex`c37b7e6492584340bed12207808941155068f738`,
      wrapped: hex`138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a`,
    },
    {
      algorithm: "AES_128",
      source: "Wycheproof aes_kwp, test 1",
      key: hex`6f67486d1e914419cb43c28509c7c1ea`,
      secret: hex`8dc0632d92ee0be4f740028410b08270`,
      wrapped: hex`8cd63fa6788aa5edfa753fc87d645a672b14107c3b4519e7`,
    },
    {
      algorithm: "AES_256",
      source: "Wycheproof aes_kwp, test 161",
      key: hex`fce0429c610658ef8e7cfb0154c51de2239a8a317f5af5b6714f985fb5c4d75c`,
      secret: hex`287326b5ed0078e7ca0164d748f667e7`,
      wrapped: hex`e3eab96d9a2fda12f9e252053aff15e753e5ea6f5172c92b`,
    },
  ],
} as const satisfies Readonly<Record<WrapId, Answers<WrapAnswer>>>
