/** Loading, reading arguments, reporting errors. No function here or elsewhere ends the process. */
#include "native.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <string.h>

/** Order and length of kh_env.hash; the names are ours, and OpenSSL's too. */
static const struct {
  const char *name;
  size_t bytes;
} hashes[KH_HASHES] = {
    {"sha1", 20},     {"sha224", 28},   {"sha256", 32},     {"sha384", 48},
    {"sha512", 64},   {"sha3-224", 28}, {"sha3-256", 32},   {"sha3-384", 48},
    {"sha3-512", 64}, {"keccak-256", 32},
};

/** What travels beside a wrapped key to its finalizer. */
typedef struct {
  void (*release)(void *key);
  int64_t size;
} kh_release;

kh_env *kh_env_of(napi_env env) {
  void *data = NULL;
  return napi_get_instance_data(env, &data) == napi_ok ? data : NULL;
}

napi_value kh_throw(napi_env env, const char *code, const char *message) {
  bool pending = false;
  ERR_clear_error();
  if (napi_is_exception_pending(env, &pending) == napi_ok && !pending) {
    napi_throw_error(env, code, message);
  }
  return NULL;
}

bool kh_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *values) {
  size_t found = count;
  if (napi_get_cb_info(env, info, &found, values, NULL, NULL) == napi_ok) return true;
  kh_throw(env, KH_FAILED, "arguments cannot be read");
  return false;
}

bool kh_read_bytes(napi_env env, napi_value value, kh_bytes *bytes) {
  bool is_array = false;
  napi_typedarray_type type;
  void *at = NULL;
  if (napi_is_typedarray(env, value, &is_array) != napi_ok || !is_array ||
      napi_get_typedarray_info(env, value, &type, &bytes->length, &at, NULL, NULL) != napi_ok ||
      type != napi_uint8_array || bytes->length > KH_BYTES_MAX ||
      (at == NULL && bytes->length != 0)) {
    kh_throw(env, KH_BAD_ARGUMENT, "is no Uint8Array of bounded length");
    return false;
  }
  // Never NULL: memcpy and OpenSSL give that a meaning.
  bytes->at = at == NULL ? (const unsigned char *)"" : at;
  return true;
}

bool kh_read_counts(napi_env env, napi_value value, const uint32_t **at, size_t *length) {
  static const uint32_t none[1];
  bool is_array = false;
  napi_typedarray_type type;
  void *data = NULL;
  if (napi_is_typedarray(env, value, &is_array) != napi_ok || !is_array ||
      napi_get_typedarray_info(env, value, &type, length, &data, NULL, NULL) != napi_ok ||
      type != napi_uint32_array || *length > KH_BYTES_MAX || (data == NULL && *length != 0)) {
    kh_throw(env, KH_BAD_ARGUMENT, "is no Uint32Array of bounded length");
    return false;
  }
  *at = data == NULL ? none : data;
  return true;
}

bool kh_take(kh_bytes *from, size_t length, kh_bytes *taken) {
  if (length > from->length) return false;
  *taken = (kh_bytes){from->at, length};
  *from = (kh_bytes){from->at + length, from->length - length};
  return true;
}

bool kh_read_hash(napi_env env, napi_value value, kh_hash *hash) {
  char name[16];
  size_t length = 0;
  kh_env *data = kh_env_of(env);
  // A longer name is cut, and then no name of ours.
  if (data != NULL &&
      napi_get_value_string_latin1(env, value, name, sizeof name, &length) == napi_ok) {
    for (int index = 0; index < KH_HASHES; index++) {
      if (strcmp(name, hashes[index].name) != 0 || length != strlen(hashes[index].name)) continue;
      if (data->hash[index] == NULL) data->hash[index] = EVP_MD_fetch(NULL, name, NULL);
      if (data->hash[index] == NULL) break;
      *hash = (kh_hash){index, hashes[index].bytes};
      return true;
    }
  }
  kh_throw(env, KH_BAD_ARGUMENT, "is no hash that is known here");
  return false;
}

bool kh_read_key(napi_env env, napi_value value, const napi_type_tag *tag, void **key) {
  bool is_ours = false;
  napi_valuetype type;
  if (napi_typeof(env, value, &type) == napi_ok && type == napi_external &&
      napi_check_object_type_tag(env, value, tag, &is_ours) == napi_ok && is_ours &&
      napi_get_value_external(env, value, key) == napi_ok) {
    return true;
  }
  kh_throw(env, KH_BAD_ARGUMENT, "is no key of this kind");
  return false;
}

static void finalize(napi_env env, void *key, void *hint) {
  kh_release *release = hint;
  int64_t total;
  release->release(key);
  napi_adjust_external_memory(env, -release->size, &total);
  OPENSSL_free(release);
}

napi_value kh_wrap_key(napi_env env, const napi_type_tag *tag, void *key,
                       void (*release)(void *key), int64_t size) {
  napi_value value;
  int64_t total;
  kh_release *hint = OPENSSL_malloc(sizeof *hint);
  if (hint != NULL) {
    *hint = (kh_release){release, size};
    if (napi_create_external(env, key, finalize, hint, &value) == napi_ok) {
      // From here on the finalizer owns the key, tagged or not.
      napi_adjust_external_memory(env, size, &total);
      if (napi_type_tag_object(env, value, tag) == napi_ok) return value;
      return kh_throw(env, KH_FAILED, "the key cannot be tagged");
    }
    OPENSSL_free(hint);
  }
  release(key);
  return kh_throw(env, KH_FAILED, "the key cannot be held");
}

napi_value kh_new_bytes(napi_env env, size_t length, unsigned char **at) {
  napi_value buffer, array;
  void *data = NULL;
  if (napi_create_arraybuffer(env, length, &data, &buffer) == napi_ok &&
      napi_create_typedarray(env, napi_uint8_array, length, buffer, 0, &array) == napi_ok) {
    *at = data;
    return array;
  }
  return kh_throw(env, KH_FAILED, "memory for the answer cannot be had");
}

bool kh_update(EVP_CIPHER_CTX *context, unsigned char *out, kh_bytes in) {
  int length = 0;
  // An empty update is no call: GCM reads an absent input as the end.
  return in.length == 0 ||
         (EVP_CipherUpdate(context, out, &length, in.at, (int)in.length) == 1 &&
          (size_t)length == in.length);
}

void kh_export(napi_env env, napi_value exports, const char *name, napi_callback function) {
  napi_value value;
  if (napi_create_function(env, name, NAPI_AUTO_LENGTH, function, NULL, &value) != napi_ok ||
      napi_set_named_property(env, exports, name, value) != napi_ok) {
    kh_throw(env, KH_FAILED, "a function cannot be exported");
  }
}

static void release_env(napi_env env, void *data, void *hint) {
  kh_env *ours = data;
  (void)env;
  (void)hint;
  for (int size = 0; size < 3; size++) EVP_CIPHER_free(ours->gcm[size]);
  EVP_CIPHER_free(ours->ecb256);
  EVP_MAC_free(ours->hmac);
  for (int index = 0; index < KH_HASHES; index++) EVP_MD_free(ours->hash[index]);
  OPENSSL_clear_free(ours, sizeof *ours);
}

NAPI_MODULE_INIT() {
  kh_env *ours = OPENSSL_zalloc(sizeof *ours);
  if (ours == NULL) return kh_throw(env, KH_FAILED, "no memory");
  ours->gcm[0] = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
  ours->gcm[1] = EVP_CIPHER_fetch(NULL, "AES-192-GCM", NULL);
  ours->gcm[2] = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
  ours->ecb256 = EVP_CIPHER_fetch(NULL, "AES-256-ECB", NULL);
  ours->hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
  ours->pool_used = KH_POOL_BYTES;
  if (ours->gcm[0] == NULL || ours->gcm[1] == NULL || ours->gcm[2] == NULL ||
      ours->ecb256 == NULL || ours->hmac == NULL ||
      napi_set_instance_data(env, ours, release_env, NULL) != napi_ok) {
    release_env(env, ours, NULL);
    return kh_throw(env, KH_FAILED, "this OpenSSL lacks AES-GCM or HMAC");
  }
  kh_export_aead(env, exports);
  kh_export_blobs(env, exports);
  kh_export_chains(env, exports);
  kh_export_later(env, exports);
  kh_export_mac(env, exports);
  kh_export_record_chain(env, exports);
  kh_export_scheme(env, exports);
  kh_export_signature(env, exports);
  kh_export_thread(env, exports);
  return exports;
}
