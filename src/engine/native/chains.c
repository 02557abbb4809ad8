/**
 * The chains of hash-based signatures over SHA-256: LM-OTS (RFC 8554 section 4) and WOTS+ with the
 * pairs of XMSS's trees (RFC 8391 sections 3.1 and 4.1.4). A tree is millions of hashes of a block or
 * two, for which OpenSSL's newer interface takes longer than they do.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "native.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <string.h>

#define N 32
/** RFC 8554 section 4.3: I, q, the number of the chain; then the step, then the value. */
#define LMS_STEP_AT 22
#define LMS_VALUE_AT 23
/** Table 1: with w = 1. */
#define LMS_CHAINS_MAX 265
/** RFC 8391 section 2.5: where an address says the step, and what is drawn. */
#define XMSS_STEP_AT 24
#define XMSS_MASK_AT 28
/** Section 5.1: the first byte that is not zero, of each keyed hash. */
enum { KIND_F = 0, KIND_H = 1, KIND_PRF = 3 };

static bool read_steps(napi_env env, const napi_value *values, uint32_t *from, uint32_t *to) {
  if (napi_get_value_uint32(env, values[0], from) == napi_ok &&
      napi_get_value_uint32(env, values[1], to) == napi_ok && *from <= *to && *to <= 255) {
    return true;
  }
  kh_throw(env, KH_BAD_ARGUMENT, "are no steps of a chain");
  return false;
}

/** lmsChain(block: 23 bytes and a value of 24 or 32, from, to): value */
static napi_value lms_chain(napi_env env, napi_callback_info info) {
  napi_value arguments[3], made;
  kh_bytes given;
  uint32_t from, to;
  unsigned char block[LMS_VALUE_AT + N], digest[SHA256_DIGEST_LENGTH], *out;
  SHA256_CTX hash;
  if (!kh_arguments(env, info, 3, arguments) || !kh_read_bytes(env, arguments[0], &given) ||
      !read_steps(env, arguments + 1, &from, &to)) {
    return NULL;
  }
  if (given.length != LMS_VALUE_AT + 24 && given.length != LMS_VALUE_AT + N) {
    return kh_throw(env, KH_BAD_ARGUMENT, "is no block of a chain");
  }
  size_t bytes = given.length - LMS_VALUE_AT;
  memcpy(block, given.at, given.length);
  for (uint32_t step = from; step < to; step++) {
    block[LMS_STEP_AT] = (unsigned char)step;
    SHA256_Init(&hash);
    SHA256_Update(&hash, block, given.length);
    SHA256_Final(digest, &hash);
    memcpy(block + LMS_VALUE_AT, digest, bytes);
  }
  made = kh_new_bytes(env, bytes, &out);
  if (made != NULL) memcpy(out, block + LMS_VALUE_AT, bytes);
  OPENSSL_cleanse(block, sizeof block);
  OPENSSL_cleanse(digest, sizeof digest);
  OPENSSL_cleanse(&hash, sizeof hash);
  return made;
}

/** SHA-256 of 55 bytes: with its padding one block, so that nothing has to be buffered. */
static void hash_block(const SHA256_CTX *fresh, const unsigned char block[SHA256_CBLOCK],
                       unsigned char out[N]) {
  SHA256_CTX hash = *fresh;
  SHA256_Transform(&hash, block);
  for (int at = 0; at < N; at++) out[at] = (unsigned char)(hash.h[at / 4] >> (24 - 8 * (at % 4)));
}

/**
 * lmsKey(position: I and q, seed, chains, steps): K. RFC 8554 appendix A and algorithm 1: all chains
 * of a one-time key from their beginnings to their ends, and the hash of these.
 */
static napi_value lms_key(napi_env env, napi_callback_info info) {
  napi_value arguments[4], made;
  kh_bytes position, seed;
  uint32_t chains, steps;
  unsigned char block[SHA256_CBLOCK] = {0}, *out;
  SHA256_CTX fresh, key;
  if (!kh_arguments(env, info, 4, arguments) || !kh_read_bytes(env, arguments[0], &position) ||
      !kh_read_bytes(env, arguments[1], &seed)) {
    return NULL;
  }
  if (position.length != LMS_STEP_AT - 2 || seed.length != N ||
      napi_get_value_uint32(env, arguments[2], &chains) != napi_ok || chains > LMS_CHAINS_MAX ||
      napi_get_value_uint32(env, arguments[3], &steps) != napi_ok || steps > 255) {
    return kh_throw(env, KH_BAD_ARGUMENT, "is no one-time key");
  }
  SHA256_Init(&fresh);
  SHA256_Init(&key);
  memcpy(block, position.at, position.length);
  memset(block + LMS_STEP_AT - 2, 0x80, 2); // D_PBLC
  SHA256_Update(&key, block, LMS_STEP_AT);
  block[LMS_VALUE_AT + N] = 0x80; // What follows 55 bytes: a bit, and their length in bits.
  block[SHA256_CBLOCK - 2] = (8 * (LMS_VALUE_AT + N)) >> 8;
  block[SHA256_CBLOCK - 1] = (8 * (LMS_VALUE_AT + N)) & 0xff;
  for (uint32_t chain = 0; chain < chains; chain++) {
    block[LMS_STEP_AT - 2] = (unsigned char)(chain >> 8);
    block[LMS_STEP_AT - 1] = (unsigned char)chain;
    block[LMS_STEP_AT] = 0xff;
    memcpy(block + LMS_VALUE_AT, seed.at, N);
    hash_block(&fresh, block, block + LMS_VALUE_AT);
    for (uint32_t step = 0; step < steps; step++) {
      block[LMS_STEP_AT] = (unsigned char)step;
      hash_block(&fresh, block, block + LMS_VALUE_AT);
    }
    SHA256_Update(&key, block + LMS_VALUE_AT, N);
  }
  made = kh_new_bytes(env, N, &out);
  if (made != NULL) SHA256_Final(out, &key);
  OPENSSL_cleanse(block, sizeof block);
  OPENSSL_cleanse(&key, sizeof key);
  return made;
}

/** toByte(kind, 32) || key, hashed: what all keyed hashes under one key begin with. */
static void begin(SHA256_CTX *hash, unsigned char kind, const unsigned char *key) {
  unsigned char first[N] = {0};
  first[N - 1] = kind;
  SHA256_Init(hash);
  SHA256_Update(hash, first, N);
  SHA256_Update(hash, key, N);
}

/** PRF of an address, from a hash that has begun. */
static void draw(const SHA256_CTX *begun, unsigned char *address, unsigned char mask,
                 unsigned char out[N]) {
  SHA256_CTX hash = *begun;
  address[XMSS_MASK_AT + 3] = mask;
  SHA256_Update(&hash, address, N);
  SHA256_Final(out, &hash);
}

static void mix(unsigned char out[N], const unsigned char *one, const unsigned char *other) {
  for (int at = 0; at < N; at++) out[at] = one[at] ^ other[at];
}

static bool read_three(napi_env env, const napi_value *values, kh_bytes three[3]) {
  for (int at = 0; at < 3; at++) {
    if (!kh_read_bytes(env, values[at], &three[at])) return false;
    if (three[at].length == N) continue;
    kh_throw(env, KH_BAD_ARGUMENT, "has not 32 bytes");
    return false;
  }
  return true;
}

/** xmssChain(seed, address, value, from, to): value; algorithm 2 */
static napi_value xmss_chain(napi_env env, napi_callback_info info) {
  napi_value arguments[5], made;
  kh_bytes three[3];
  uint32_t from, to;
  unsigned char address[N], value[N], key[N], mask[N], *out;
  SHA256_CTX prf, hash;
  if (!kh_arguments(env, info, 5, arguments) || !read_three(env, arguments, three) ||
      !read_steps(env, arguments + 3, &from, &to)) {
    return NULL;
  }
  begin(&prf, KIND_PRF, three[0].at);
  memcpy(address, three[1].at, N);
  memset(address + XMSS_STEP_AT, 0, 8);
  memcpy(value, three[2].at, N);
  for (uint32_t step = from; step < to; step++) {
    address[XMSS_STEP_AT + 3] = (unsigned char)step;
    draw(&prf, address, 0, key);
    draw(&prf, address, 1, mask);
    begin(&hash, KIND_F, key);
    mix(value, value, mask);
    SHA256_Update(&hash, value, N);
    SHA256_Final(value, &hash);
  }
  made = kh_new_bytes(env, N, &out);
  if (made != NULL) memcpy(out, value, N);
  OPENSSL_cleanse(value, sizeof value);
  OPENSSL_cleanse(&hash, sizeof hash);
  return made;
}

/** xmssPair(seed, address, left || right): node; algorithm 7 */
static napi_value xmss_pair(napi_env env, napi_callback_info info) {
  napi_value arguments[3], made;
  kh_bytes seed, given, children;
  unsigned char address[N], key[N], masks[2 * N], *out;
  SHA256_CTX prf, hash;
  if (!kh_arguments(env, info, 3, arguments) || !kh_read_bytes(env, arguments[0], &seed) ||
      !kh_read_bytes(env, arguments[1], &given) || !kh_read_bytes(env, arguments[2], &children)) {
    return NULL;
  }
  if (seed.length != N || given.length != N || children.length != 2 * N) {
    return kh_throw(env, KH_BAD_ARGUMENT, "has not 32 bytes, or twice as many");
  }
  begin(&prf, KIND_PRF, seed.at);
  memcpy(address, given.at, N);
  memset(address + XMSS_MASK_AT, 0, 4);
  draw(&prf, address, 0, key);
  draw(&prf, address, 1, masks);
  draw(&prf, address, 2, masks + N);
  mix(masks, masks, children.at);
  mix(masks + N, masks + N, children.at + N);
  made = kh_new_bytes(env, N, &out);
  if (made == NULL) return NULL;
  begin(&hash, KIND_H, key);
  SHA256_Update(&hash, masks, 2 * N);
  SHA256_Final(out, &hash);
  return made;
}

void kh_export_chains(napi_env env, napi_value exports) {
  kh_export(env, exports, "lmsChain", lms_chain);
  kh_export(env, exports, "lmsKey", lms_key);
  kh_export(env, exports, "xmssChain", xmss_chain);
  kh_export(env, exports, "xmssPair", xmss_pair);
}
