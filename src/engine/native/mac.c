/** HMAC (FIPS 198-1) in one call; a key keeps the state behind its padded blocks. */
#include "native.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>

#define KEY_MEMORY_BYTES 1024

static const napi_type_tag hmac_tag = {0x6b6579686f6c6432ULL, 0x3ac3ac3ac3ac3ac2ULL};

typedef struct {
  EVP_MAC_CTX *context;
  size_t tag_bytes;
} hmac_key;

static void release_hmac(void *given) {
  hmac_key *key = given;
  // Cleanses its copies of the key.
  EVP_MAC_CTX_free(key->context);
  OPENSSL_clear_free(key, sizeof *key);
}

/** hmacKey(raw, hash): HmacKey */
static napi_value make_hmac_key(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  kh_bytes raw;
  kh_hash hash;
  kh_env *ours = kh_env_of(env);
  if (ours == NULL || !kh_arguments(env, info, 2, arguments) ||
      !kh_read_bytes(env, arguments[0], &raw) || !kh_read_hash(env, arguments[1], &hash)) {
    return NULL;
  }
  if (raw.length == 0) return kh_throw(env, KH_BAD_KEY, "an HMAC key is not empty");
  // The library takes the name without const, and does not write to it.
  char *name = (char *)EVP_MD_get0_name(ours->hash[hash.index]);
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
      OSSL_PARAM_construct_end(),
  };
  hmac_key *key = OPENSSL_zalloc(sizeof *key);
  if (key == NULL) return kh_throw(env, KH_FAILED, "no memory");
  key->tag_bytes = hash.bytes;
  key->context = EVP_MAC_CTX_new(ours->hmac);
  if (key->context != NULL && EVP_MAC_init(key->context, raw.at, raw.length, parameters) == 1) {
    return kh_wrap_key(env, &hmac_tag, key, release_hmac, KEY_MEMORY_BYTES);
  }
  release_hmac(key);
  return kh_throw(env, KH_BAD_KEY, "the HMAC key cannot be set up");
}

/** hmac(key, message): tag, as long as the hash */
static napi_value hmac(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  void *given;
  kh_bytes input;
  unsigned char *out;
  size_t length = 0;
  if (!kh_arguments(env, info, 2, arguments) ||
      !kh_read_key(env, arguments[0], &hmac_tag, &given) ||
      !kh_read_bytes(env, arguments[1], &input)) {
    return NULL;
  }
  hmac_key *key = given;
  napi_value tag = kh_new_bytes(env, key->tag_bytes, &out);
  if (tag == NULL) return NULL;
  // Without a key: starts over with the one that is there.
  if (EVP_MAC_init(key->context, NULL, 0, NULL) == 1 &&
      EVP_MAC_update(key->context, input.at, input.length) == 1 &&
      EVP_MAC_final(key->context, out, &length, key->tag_bytes) == 1 && length == key->tag_bytes) {
    return tag;
  }
  OPENSSL_cleanse(out, key->tag_bytes);
  return kh_throw(env, KH_FAILED, "the MAC failed");
}

void kh_export_mac(napi_env env, napi_value exports) {
  kh_export(env, exports, "hmacKey", make_hmac_key);
  kh_export(env, exports, "hmac", hmac);
}
