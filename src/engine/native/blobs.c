/**
 * Keys of 32 bytes by HKDF-SHA-256 (RFC 5869), and AES-256-GCM under a key of its own for each
 * message: what src/sealing seals and opens, many in one call. One block of output and salts of at
 * most one block: the older interface of SHA-256 costs less than OpenSSL's setting up of an HMAC.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "native.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <string.h>

#define KEY 32
#define SALT 16
#define IV 12
#define TAG 16
#define OVERHEAD (SALT + IV + TAG)

typedef struct {
  SHA256_CTX inner, outer;
} hmac_state;

/** RFC 2104, for keys of at most a block. */
static void begin_hmac(hmac_state *state, kh_bytes key) {
  unsigned char pad[SHA256_CBLOCK];
  memset(pad, 0x36, sizeof pad);
  for (size_t at = 0; at < key.length; at++) pad[at] ^= key.at[at];
  SHA256_Init(&state->inner);
  SHA256_Update(&state->inner, pad, sizeof pad);
  for (size_t at = 0; at < sizeof pad; at++) pad[at] ^= 0x36 ^ 0x5c;
  SHA256_Init(&state->outer);
  SHA256_Update(&state->outer, pad, sizeof pad);
  OPENSSL_cleanse(pad, sizeof pad);
}

static void end_hmac(hmac_state *state, unsigned char out[KEY]) {
  SHA256_Final(out, &state->inner);
  SHA256_Update(&state->outer, out, KEY);
  SHA256_Final(out, &state->outer);
}

/** Extract, then the first block of expand. */
static void derive(kh_bytes ikm, kh_bytes salt, kh_bytes info, unsigned char out[KEY]) {
  static const unsigned char one = 1;
  hmac_state state;
  begin_hmac(&state, salt);
  SHA256_Update(&state.inner, ikm.at, ikm.length);
  end_hmac(&state, out);
  begin_hmac(&state, (kh_bytes){out, KEY});
  SHA256_Update(&state.inner, info.at, info.length);
  SHA256_Update(&state.inner, &one, 1);
  end_hmac(&state, out);
  OPENSSL_cleanse(&state, sizeof state);
}

/** deriveKeys(ikm, salts: 32 bytes each, infos, lengths of these): keys, one behind the other */
static napi_value derive_keys(napi_env env, napi_callback_info info) {
  napi_value arguments[4];
  kh_bytes ikm, salts, infos, salt, own;
  const uint32_t *lengths;
  size_t count;
  unsigned char *out;
  if (!kh_arguments(env, info, 4, arguments) || !kh_read_bytes(env, arguments[0], &ikm) ||
      !kh_read_bytes(env, arguments[1], &salts) || !kh_read_bytes(env, arguments[2], &infos) ||
      !kh_read_counts(env, arguments[3], &lengths, &count)) {
    return NULL;
  }
  if (count > KH_BYTES_MAX / KEY || salts.length != count * KEY) {
    return kh_throw(env, KH_BAD_ARGUMENT, "are no salts of 32 bytes, one for each key");
  }
  napi_value keys = kh_new_bytes(env, count * KEY, &out);
  if (keys == NULL) return NULL;
  for (size_t index = 0; index < count; index++) {
    if (!kh_take(&salts, KEY, &salt) || !kh_take(&infos, lengths[index], &own)) {
      OPENSSL_cleanse(out, index * KEY);
      return kh_throw(env, KH_BAD_ARGUMENT, "lengths do not add up");
    }
    derive(ikm, salt, own, out + index * KEY);
  }
  return keys;
}

/** What sealBlobs reads; the messages lie one behind the other. */
typedef struct {
  /** One for all, or one for each. */
  kh_bytes keys;
  kh_bytes info, head;
  /** Salt and IV of each. */
  kh_bytes fresh;
  kh_bytes aads, plaintexts;
  const uint32_t *lengths;
  size_t count;
} blobs;

static bool read_blobs(napi_env env, napi_callback_info info, blobs *given) {
  napi_value arguments[7];
  kh_bytes *bytes[] = {&given->keys,  &given->info, &given->head,
                       &given->fresh, &given->aads, &given->plaintexts};
  if (!kh_arguments(env, info, 7, arguments)) return false;
  for (int index = 0; index < 6; index++) {
    if (!kh_read_bytes(env, arguments[index], bytes[index])) return false;
  }
  if (!kh_read_counts(env, arguments[6], &given->lengths, &given->count)) return false;
  size_t count = given->count / 2;
  if (given->count % 2 == 0 && given->head.length <= KH_PREFIX_MAX &&
      count <= KH_BYTES_MAX / (KH_PREFIX_MAX + OVERHEAD) &&
      given->fresh.length == count * (SALT + IV) &&
      (given->keys.length == KEY || given->keys.length == count * KEY) &&
      given->plaintexts.length <= KH_BYTES_MAX - count * (KH_PREFIX_MAX + OVERHEAD)) {
    return true;
  }
  kh_throw(env, KH_BAD_ARGUMENT, "are no blobs with their keys and salts");
  return false;
}

/** Sets a context up for one blob, with its head and what else is bound. */
static bool begin(EVP_CIPHER_CTX *context, const EVP_CIPHER *cipher, kh_bytes key, kh_bytes info,
                  const unsigned char *salt, int encrypts) {
  unsigned char derived[KEY];
  derive(key, (kh_bytes){salt, SALT}, info, derived);
  bool is_keyed = EVP_CipherInit_ex2(context, cipher, derived, salt + SALT, encrypts, NULL) == 1;
  OPENSSL_cleanse(derived, sizeof derived);
  return is_keyed;
}

/** Lengths are looked at once, and against what is left: another thread may change them. */
static bool seal_all(EVP_CIPHER_CTX *context, const EVP_CIPHER *cipher, blobs *given,
                     unsigned char *out) {
  kh_bytes key = {given->keys.at, KEY}, fresh, aad, plaintext;
  bool is_shared = given->keys.length == KEY;
  unsigned char none[TAG];
  int length = 0;
  for (size_t at = 0; at < given->count; at += 2) {
    if ((!is_shared && !kh_take(&given->keys, KEY, &key)) ||
        !kh_take(&given->fresh, SALT + IV, &fresh) || !kh_take(&given->aads, given->lengths[at], &aad) ||
        !kh_take(&given->plaintexts, given->lengths[at + 1], &plaintext)) {
      return false;
    }
    memcpy(out, given->head.at, given->head.length);
    out += given->head.length;
    memcpy(out, fresh.at, fresh.length);
    out += fresh.length;
    if (!begin(context, cipher, key, given->info, fresh.at, 1) ||
        !kh_update(context, NULL, given->head) || !kh_update(context, NULL, aad) ||
        !kh_update(context, out, plaintext) || EVP_CipherFinal_ex(context, none, &length) != 1) {
      return false;
    }
    out += plaintext.length;
    if (EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, TAG, out) != 1) return false;
    out += TAG;
  }
  return given->aads.length == 0 && given->plaintexts.length == 0;
}

/**
 * sealBlobs(keys, info, head, fresh, aads, plaintexts, lengths): for each message head || salt || IV
 * || ciphertext || tag, with head and its own data bound
 */
static napi_value seal_blobs(napi_env env, napi_callback_info info) {
  blobs given;
  unsigned char *out;
  kh_env *ours = kh_env_of(env);
  if (ours == NULL || !read_blobs(env, info, &given)) return NULL;
  size_t overhead = given.head.length + OVERHEAD;
  size_t length = given.count / 2 * overhead + given.plaintexts.length;
  napi_value sealed = kh_new_bytes(env, length, &out);
  if (sealed == NULL) return NULL;
  EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
  bool is_done = context != NULL && seal_all(context, ours->gcm[2], &given, out);
  EVP_CIPHER_CTX_free(context);
  return is_done ? sealed : kh_throw(env, KH_FAILED, "lengths do not add up, or sealing failed");
}

/** openBlob(key, info, headBytes, aad, blob): plaintext; undefined when it does not open */
static napi_value open_blob(napi_env env, napi_callback_info info) {
  napi_value arguments[5];
  kh_bytes key, label, aad, blob, head, fresh, ciphertext;
  uint32_t head_bytes = 0;
  unsigned char *out, none[TAG], tag[TAG];
  int length = 0;
  kh_env *ours = kh_env_of(env);
  if (ours == NULL || !kh_arguments(env, info, 5, arguments) ||
      !kh_read_bytes(env, arguments[0], &key) || !kh_read_bytes(env, arguments[1], &label)) {
    return NULL;
  }
  if (napi_get_value_uint32(env, arguments[2], &head_bytes) != napi_ok || key.length != KEY) {
    return kh_throw(env, KH_BAD_ARGUMENT, "is no key of 32 bytes, or no length");
  }
  if (!kh_read_bytes(env, arguments[3], &aad) || !kh_read_bytes(env, arguments[4], &blob) ||
      blob.length < OVERHEAD || !kh_take(&blob, head_bytes, &head) || blob.length < OVERHEAD ||
      !kh_take(&blob, SALT + IV, &fresh) || !kh_take(&blob, blob.length - TAG, &ciphertext)) {
    return NULL;
  }
  napi_value opened = kh_new_bytes(env, ciphertext.length, &out);
  if (opened == NULL) return NULL;
  memcpy(tag, blob.at, TAG);
  EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
  bool is_open = context != NULL && begin(context, ours->gcm[2], key, label, fresh.at, 0) &&
                 EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, TAG, tag) == 1 &&
                 kh_update(context, NULL, head) && kh_update(context, NULL, aad) &&
                 kh_update(context, out, ciphertext) &&
                 EVP_CipherFinal_ex(context, none, &length) == 1;
  EVP_CIPHER_CTX_free(context);
  if (is_open) return opened;
  // What failed authentication was never a plaintext: it must not linger.
  OPENSSL_cleanse(out, ciphertext.length);
  return NULL;
}

void kh_export_blobs(napi_env env, napi_value exports) {
  kh_export(env, exports, "deriveKeys", derive_keys);
  kh_export(env, exports, "openBlob", open_blob);
  kh_export(env, exports, "sealBlobs", seal_blobs);
}
