/**
 * AES-GCM (SP 800-38D) and XAES-256-GCM (C2SP), each message in one call. The length of the nonce
 * says which: 12 bytes or 24. A key keeps its contexts: their key schedule is most of the work.
 */
#include "native.h"

#include <openssl/crypto.h>
#include <string.h>

#define TAG_BYTES 16
#define GCM_IV_BYTES 12
#define XAES_NONCE_BYTES 24
/** The half of the nonce that goes into the derivation; the rest is GCM's own IV. */
#define XAES_CONTEXT_BYTES 12
#define BLOCK_BYTES 16
/** What OpenSSL holds for a key, roughly: tells the garbage collector what it would free. */
#define KEY_MEMORY_BYTES 2048

static const napi_type_tag aes_tag = {0x6b6579686f6c6431ULL, 0xae5ae5ae5ae5ae51ULL};

typedef struct {
  const EVP_CIPHER *gcm;
  const EVP_CIPHER *ecb256;
  size_t key_bytes;
  unsigned char key[32];
  /** Made when first needed. One per direction: OpenSSL starts over when that changes. */
  EVP_CIPHER_CTX *sealing;
  EVP_CIPHER_CTX *opening;
  /** XAES: the block cipher of the derivation, its CMAC subkey K1, and a context to rekey. */
  EVP_CIPHER_CTX *block;
  unsigned char k1[BLOCK_BYTES];
  EVP_CIPHER_CTX *derived;
} aes_key;

typedef struct {
  kh_bytes nonce;
  kh_bytes aad;
  kh_bytes input;
} message;

static void release_aes(void *given) {
  aes_key *key = given;
  EVP_CIPHER_CTX_free(key->sealing);
  EVP_CIPHER_CTX_free(key->opening);
  EVP_CIPHER_CTX_free(key->block);
  EVP_CIPHER_CTX_free(key->derived);
  OPENSSL_clear_free(key, sizeof *key);
}

/** aesKey(raw: 16, 24 or 32 bytes): AesKey */
static napi_value make_aes_key(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  kh_bytes raw;
  kh_env *ours = kh_env_of(env);
  if (ours == NULL || !kh_arguments(env, info, 1, arguments) ||
      !kh_read_bytes(env, arguments[0], &raw)) {
    return NULL;
  }
  if (raw.length != 16 && raw.length != 24 && raw.length != 32) {
    return kh_throw(env, KH_BAD_KEY, "an AES key has 16, 24 or 32 bytes");
  }
  aes_key *key = OPENSSL_zalloc(sizeof *key);
  if (key == NULL) return kh_throw(env, KH_FAILED, "no memory");
  key->gcm = ours->gcm[raw.length / 8 - 2];
  key->ecb256 = ours->ecb256;
  key->key_bytes = raw.length;
  memcpy(key->key, raw.at, raw.length);
  return kh_wrap_key(env, &aes_tag, key, release_aes, KEY_MEMORY_BYTES);
}

/** A context with this key in it, now and from then on; NULL when OpenSSL will not. */
static EVP_CIPHER_CTX *keyed(EVP_CIPHER_CTX **kept, const EVP_CIPHER *cipher,
                             const unsigned char *key, int encrypts) {
  if (*kept != NULL) return *kept;
  EVP_CIPHER_CTX *made = EVP_CIPHER_CTX_new();
  if (made == NULL || EVP_CipherInit_ex2(made, cipher, key, NULL, encrypts, NULL) != 1 ||
      EVP_CIPHER_CTX_set_padding(made, 0) != 1) {
    EVP_CIPHER_CTX_free(made);
    return NULL;
  }
  return *kept = made;
}

/** L << 1, reduced by x^128 + x^7 + x^2 + x + 1 (SP 800-38B section 6.1), without a branch. */
static void make_subkey(const unsigned char block[BLOCK_BYTES], unsigned char k1[BLOCK_BYTES]) {
  unsigned char carry = 0;
  for (int at = BLOCK_BYTES - 1; at >= 0; at--) {
    unsigned char byte = block[at];
    k1[at] = (unsigned char)(byte << 1 | carry);
    carry = byte >> 7;
  }
  k1[BLOCK_BYTES - 1] ^= (unsigned char)(carry * 0x87);
}

/** XAES steps 3 to 5: two CMAC blocks 00 || i || "X" || 00 || nonce[0..12], i = 1 and 2. */
static bool derive(aes_key *key, const unsigned char *nonce, unsigned char derived[32]) {
  static const unsigned char zero[BLOCK_BYTES];
  unsigned char blocks[2 * BLOCK_BYTES] = {0, 1, 'X'};
  unsigned char scratch[BLOCK_BYTES];
  int length = 0;
  bool is_new = key->block == NULL;
  if (keyed(&key->block, key->ecb256, key->key, 1) == NULL) return false;
  if (is_new) {
    if (EVP_EncryptUpdate(key->block, scratch, &length, zero, BLOCK_BYTES) != 1) return false;
    make_subkey(scratch, key->k1);
    OPENSSL_cleanse(scratch, sizeof scratch);
  }
  memcpy(blocks + BLOCK_BYTES, blocks, BLOCK_BYTES);
  blocks[BLOCK_BYTES + 1] = 2;
  for (int at = 0; at < 2 * BLOCK_BYTES; at++) {
    if (at % BLOCK_BYTES >= 4) blocks[at] = nonce[at % BLOCK_BYTES - 4];
    blocks[at] ^= key->k1[at % BLOCK_BYTES];
  }
  bool is_done = EVP_EncryptUpdate(key->block, derived, &length, blocks, sizeof blocks) == 1;
  OPENSSL_cleanse(blocks, sizeof blocks);
  return is_done && length == sizeof blocks;
}

/** A context that only waits for associated data; NULL when OpenSSL will not. */
static EVP_CIPHER_CTX *begin(aes_key *key, const unsigned char *nonce, size_t nonce_bytes,
                             int encrypts) {
  EVP_CIPHER_CTX *context;
  if (nonce_bytes == GCM_IV_BYTES) {
    context = keyed(encrypts ? &key->sealing : &key->opening, key->gcm, key->key, encrypts);
    if (context == NULL || EVP_CipherInit_ex2(context, NULL, NULL, nonce, encrypts, NULL) != 1) {
      return NULL;
    }
    return context;
  }
  unsigned char derived[32];
  context = key->derived == NULL ? EVP_CIPHER_CTX_new() : key->derived;
  key->derived = context;
  const unsigned char *iv = nonce + XAES_CONTEXT_BYTES;
  bool is_keyed = context != NULL && derive(key, nonce, derived) &&
                  EVP_CipherInit_ex2(context, key->gcm, derived, iv, encrypts, NULL) == 1;
  OPENSSL_cleanse(derived, sizeof derived);
  return is_keyed ? context : NULL;
}

/** Writes ciphertext and tag. */
static bool seal_into(aes_key *key, const message *given, unsigned char *out) {
  int length = 0;
  unsigned char none[BLOCK_BYTES];
  EVP_CIPHER_CTX *context = begin(key, given->nonce.at, given->nonce.length, 1);
  return context != NULL && kh_update(context, NULL, given->aad) &&
         kh_update(context, out, given->input) &&
         EVP_CipherFinal_ex(context, none, &length) == 1 &&
         EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES,
                             out + given->input.length) == 1;
}

/** Writes the plaintext; `tag` is compared by OpenSSL, in constant time. */
static bool open_into(aes_key *key, const message *given, const unsigned char *tag,
                      unsigned char *out) {
  int length = 0;
  unsigned char none[BLOCK_BYTES], copy[TAG_BYTES];
  memcpy(copy, tag, TAG_BYTES);
  EVP_CIPHER_CTX *context = begin(key, given->nonce.at, given->nonce.length, 0);
  return context != NULL &&
         EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, copy) == 1 &&
         kh_update(context, NULL, given->aad) && kh_update(context, out, given->input) &&
         EVP_CipherFinal_ex(context, none, &length) == 1;
}

static bool fits(napi_env env, const aes_key *key, size_t nonce_bytes) {
  if (nonce_bytes == GCM_IV_BYTES) return true;
  if (nonce_bytes == XAES_NONCE_BYTES && key->key_bytes == 32) return true;
  kh_throw(env, KH_BAD_ARGUMENT, "a nonce has 12 bytes, or for a key of 256 bits 24");
  return false;
}

/** (key, nonce, aad, input), as `seal` and `open` take them. */
static bool read_message(napi_env env, napi_callback_info info, void **key, message *given) {
  napi_value arguments[4];
  return kh_arguments(env, info, 4, arguments) && kh_read_key(env, arguments[0], &aes_tag, key) &&
         kh_read_bytes(env, arguments[1], &given->nonce) &&
         kh_read_bytes(env, arguments[2], &given->aad) &&
         kh_read_bytes(env, arguments[3], &given->input) && fits(env, *key, given->nonce.length);
}

/** seal(key, nonce, aad, plaintext): ciphertext || tag */
static napi_value seal(napi_env env, napi_callback_info info) {
  void *key;
  message given;
  unsigned char *out;
  if (!read_message(env, info, &key, &given)) return NULL;
  napi_value sealed = kh_new_bytes(env, given.input.length + TAG_BYTES, &out);
  if (sealed == NULL || seal_into(key, &given, out)) return sealed;
  return kh_throw(env, KH_FAILED, "encryption failed");
}

/** open(key, nonce, aad, ciphertext || tag): plaintext, or undefined when it does not open */
static napi_value open_sealed(napi_env env, napi_callback_info info) {
  void *key;
  message given;
  unsigned char *out;
  if (!read_message(env, info, &key, &given) || given.input.length < TAG_BYTES) return NULL;
  given.input.length -= TAG_BYTES;
  napi_value opened = kh_new_bytes(env, given.input.length, &out);
  if (opened == NULL) return NULL;
  if (open_into(key, &given, given.input.at + given.input.length, out)) return opened;
  // What failed authentication was never a plaintext: it must not linger.
  OPENSSL_cleanse(out, given.input.length);
  return NULL;
}

/** The caller has looked whether the pool holds so many. */
static void draw_nonce(kh_env *ours, unsigned char *out, size_t bytes) {
  memcpy(out, ours->pool + ours->pool_used, bytes);
  OPENSSL_cleanse(ours->pool + ours->pool_used, bytes);
  ours->pool_used += bytes;
}

/**
 * sealFresh(key, nonceBytes, aad, plaintext): nonce || ciphertext || tag, the nonce from the pool;
 * undefined when the pool is spent and wants `feed` first.
 */
static napi_value seal_fresh(napi_env env, napi_callback_info info) {
  napi_value arguments[4];
  void *key;
  message given;
  uint32_t nonce_bytes = 0;
  unsigned char *out;
  kh_env *ours = kh_env_of(env);
  if (ours == NULL || !kh_arguments(env, info, 4, arguments) ||
      !kh_read_key(env, arguments[0], &aes_tag, &key)) {
    return NULL;
  }
  // What is no number stays 0, which no nonce is long.
  napi_get_value_uint32(env, arguments[1], &nonce_bytes);
  if (!fits(env, key, nonce_bytes) || !kh_read_bytes(env, arguments[2], &given.aad) ||
      !kh_read_bytes(env, arguments[3], &given.input) ||
      ours->pool_used + nonce_bytes > KH_POOL_BYTES) {
    return NULL;
  }
  napi_value sealed = kh_new_bytes(env, nonce_bytes + given.input.length + TAG_BYTES, &out);
  if (sealed == NULL) return NULL;
  draw_nonce(ours, out, nonce_bytes);
  given.nonce = (kh_bytes){out, nonce_bytes};
  if (seal_into(key, &given, out + nonce_bytes)) return sealed;
  return kh_throw(env, KH_FAILED, "encryption failed");
}

/** What sealMany reads: the messages lie one behind the other. */
typedef struct {
  aes_key *key;
  size_t nonce_bytes;
  kh_bytes prefix, aads, plaintexts;
  const uint32_t *lengths;
  size_t count;
} messages;

static bool read_messages(napi_env env, napi_callback_info info, messages *given) {
  napi_value arguments[6];
  void *key;
  uint32_t nonce_bytes = 0;
  if (!kh_arguments(env, info, 6, arguments) || !kh_read_key(env, arguments[0], &aes_tag, &key)) {
    return false;
  }
  // What is no number stays 0, which no nonce is long.
  napi_get_value_uint32(env, arguments[1], &nonce_bytes);
  given->key = key;
  given->nonce_bytes = nonce_bytes;
  return fits(env, key, nonce_bytes) && kh_read_bytes(env, arguments[2], &given->prefix) &&
         kh_read_bytes(env, arguments[3], &given->aads) &&
         kh_read_bytes(env, arguments[4], &given->plaintexts) &&
         kh_read_counts(env, arguments[5], &given->lengths, &given->count);
}

/** Lengths are looked at once, and against what is left: another thread may change them. */
static bool seal_all(kh_env *ours, messages *given, unsigned char *out) {
  for (size_t at = 0; at < given->count; at += 2) {
    message one;
    if (!kh_take(&given->aads, given->lengths[at], &one.aad) ||
        !kh_take(&given->plaintexts, given->lengths[at + 1], &one.input)) {
      return false;
    }
    memcpy(out, given->prefix.at, given->prefix.length);
    out += given->prefix.length;
    draw_nonce(ours, out, given->nonce_bytes);
    one.nonce = (kh_bytes){out, given->nonce_bytes};
    out += given->nonce_bytes;
    if (!seal_into(given->key, &one, out)) return false;
    out += one.input.length + TAG_BYTES;
  }
  return given->aads.length == 0 && given->plaintexts.length == 0;
}

/**
 * sealMany(key, nonceBytes, prefix, aads, plaintexts, lengths): for each message prefix || nonce ||
 * ciphertext || tag; undefined when the pool wants `feed` first.
 */
static napi_value seal_many(napi_env env, napi_callback_info info) {
  messages given;
  unsigned char *out;
  kh_env *ours = kh_env_of(env);
  if (ours == NULL || !read_messages(env, info, &given)) return NULL;
  size_t count = given.count / 2;
  if (given.count % 2 != 0 || count > KH_POOL_BYTES / given.nonce_bytes ||
      given.prefix.length > KH_PREFIX_MAX) {
    return kh_throw(env, KH_BAD_ARGUMENT, "more messages, or a longer prefix, than fit");
  }
  if (ours->pool_used + count * given.nonce_bytes > KH_POOL_BYTES) return NULL;
  size_t overhead = given.prefix.length + given.nonce_bytes + TAG_BYTES;
  napi_value sealed = kh_new_bytes(env, count * overhead + given.plaintexts.length, &out);
  if (sealed == NULL || seal_all(ours, &given, out)) return sealed;
  return kh_throw(env, KH_FAILED, "lengths do not add up, or encryption failed");
}

/** feed(random: 12 KiB): fills the pool of nonces; what was left of it is dropped. */
static napi_value feed(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  kh_bytes random;
  kh_env *ours = kh_env_of(env);
  if (ours == NULL || !kh_arguments(env, info, 1, arguments) ||
      !kh_read_bytes(env, arguments[0], &random)) {
    return NULL;
  }
  if (random.length != KH_POOL_BYTES) {
    return kh_throw(env, KH_BAD_ARGUMENT, "the pool takes 12288 bytes");
  }
  memcpy(ours->pool, random.at, KH_POOL_BYTES);
  ours->pool_used = 0;
  return NULL;
}

void kh_export_aead(napi_env env, napi_value exports) {
  kh_export(env, exports, "aesKey", make_aes_key);
  kh_export(env, exports, "seal", seal);
  kh_export(env, exports, "sealFresh", seal_fresh);
  kh_export(env, exports, "sealMany", seal_many);
  kh_export(env, exports, "open", open_sealed);
  kh_export(env, exports, "feed", feed);
}
