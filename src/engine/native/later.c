/**
 * Private-key operations that take long, on a thread of libuv's pool. One job does many under one
 * key: a thread's wake-up and a context cost as much as a tenth of an RSA signature.
 */
#include "native.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <string.h>

/** In front of each answer, big-endian. */
#define LENGTH 4
/** Instead of the length of what does not open. */
#define NOTHING 0xffffffffU
/** What one job does; more than a turn of the lane admits. */
#define INPUTS_MAX 256

/** It touches nothing of the environment while it runs. */
typedef struct {
  kh_purpose purpose;
  EVP_PKEY_CTX *context;
  napi_deferred promise;
  napi_async_work work;
  unsigned char *inputs;
  size_t inputs_bytes;
  uint32_t lengths[INPUTS_MAX];
  size_t count;
  /** The longest that one answer can be. */
  size_t answer_bytes;
  unsigned char *answers;
  size_t answers_bytes;
  bool is_done;
} job;

static void release_job(job *one) {
  EVP_PKEY_CTX_free(one->context);
  OPENSSL_clear_free(one->inputs, one->inputs_bytes);
  OPENSSL_clear_free(one->answers, one->count * (LENGTH + one->answer_bytes));
  OPENSSL_clear_free(one, sizeof *one);
}

static void write_length(unsigned char *out, uint32_t length) {
  for (int at = 0; at < LENGTH; at++) out[at] = (unsigned char)(length >> (24 - 8 * at));
}

static bool run_one(const job *one, unsigned char *out, size_t *length, const unsigned char *input,
                    size_t input_bytes) {
  *length = one->answer_bytes;
  return (one->purpose == KH_SIGNS
              ? EVP_PKEY_sign(one->context, out, length, input, input_bytes)
              : EVP_PKEY_decrypt(one->context, out, length, input, input_bytes)) == 1;
}

static void run_job(napi_env env, void *data) {
  job *one = data;
  const unsigned char *input = one->inputs;
  unsigned char *out = one->answers;
  (void)env;
  one->is_done = true;
  for (size_t index = 0; index < one->count; index++) {
    size_t length;
    if (run_one(one, out + LENGTH, &length, input, one->lengths[index])) {
      write_length(out, (uint32_t)length);
      out += LENGTH + length;
    } else if (one->purpose == KH_DECRYPTS) {
      write_length(out, NOTHING);
      out += LENGTH;
    } else {
      one->is_done = false;
      break;
    }
    input += one->lengths[index];
  }
  one->answers_bytes = (size_t)(out - one->answers);
  // The queue of errors belongs to this thread, which runs Node's own jobs next.
  ERR_clear_error();
}

static void settle_job(napi_env env, napi_status status, void *data) {
  job *one = data;
  unsigned char *out;
  napi_value result = NULL, code, message;
  if (status == napi_ok && one->is_done) {
    result = kh_new_bytes(env, one->answers_bytes, &out);
    if (result != NULL) memcpy(out, one->answers, one->answers_bytes);
  }
  if (result != NULL) {
    napi_resolve_deferred(env, one->promise, result);
  } else {
    // A failed allocation has thrown; the promise carries it instead.
    napi_value thrown;
    napi_get_and_clear_last_exception(env, &thrown);
    if (napi_create_string_latin1(env, KH_FAILED, NAPI_AUTO_LENGTH, &code) == napi_ok &&
        napi_create_string_latin1(env, "the operation failed", NAPI_AUTO_LENGTH, &message) ==
            napi_ok &&
        napi_create_error(env, code, message, &result) == napi_ok) {
      napi_reject_deferred(env, one->promise, result);
    }
  }
  napi_delete_async_work(env, one->work);
  release_job(one);
}

static napi_value queue_job(napi_env env, job *one) {
  napi_value name, promise;
  if (napi_create_string_latin1(env, "keyhold:later", NAPI_AUTO_LENGTH, &name) == napi_ok &&
      napi_create_async_work(env, NULL, name, run_job, settle_job, one, &one->work) == napi_ok) {
    if (napi_create_promise(env, &one->promise, &promise) == napi_ok &&
        napi_queue_async_work(env, one->work) == napi_ok) {
      return promise;
    }
    napi_delete_async_work(env, one->work);
  }
  release_job(one);
  return kh_throw(env, KH_FAILED, "the operation cannot be queued");
}

static bool add_up(const uint32_t *lengths, size_t count, size_t bytes) {
  uint64_t total = 0;
  if (count == 0 || count > INPUTS_MAX) return false;
  for (size_t index = 0; index < count; index++) total += lengths[index];
  return total == bytes;
}

/** (key, scheme, inputs, lengths): Promise of the answers, each behind its length */
static napi_value later(napi_env env, napi_callback_info info, kh_purpose purpose) {
  napi_value arguments[4];
  void *given;
  const kh_scheme *scheme;
  kh_bytes inputs;
  const uint32_t *lengths;
  size_t count;
  if (!kh_arguments(env, info, 4, arguments) ||
      !kh_read_key(env, arguments[0], &kh_pair_tag, &given) ||
      !kh_read_scheme(env, arguments[1], &scheme) ||
      !kh_read_bytes(env, arguments[2], &inputs) ||
      !kh_read_counts(env, arguments[3], &lengths, &count)) {
    return NULL;
  }
  const kh_pair *key = given;
  if (!key->is_private) return kh_throw(env, KH_BAD_ARGUMENT, "only the public half is here");
  if (!add_up(lengths, count, inputs.length)) {
    return kh_throw(env, KH_BAD_ARGUMENT, "are no inputs of these lengths");
  }
  job *one = OPENSSL_zalloc(sizeof *one);
  if (one == NULL) return kh_throw(env, KH_FAILED, "no memory");
  one->purpose = purpose;
  // A context of its own, which holds the key even when JavaScript drops it.
  one->context = kh_set_up(key->pkey, scheme, purpose);
  one->count = count;
  memcpy(one->lengths, lengths, count * sizeof *lengths);
  one->answer_bytes = (size_t)EVP_PKEY_get_size(key->pkey);
  one->answers = OPENSSL_zalloc(count * (LENGTH + one->answer_bytes));
  one->inputs_bytes = inputs.length;
  // One byte at least: an allocation of none is NULL.
  one->inputs = OPENSSL_malloc(inputs.length + 1);
  if (one->context == NULL || one->answers == NULL || one->inputs == NULL) {
    release_job(one);
    return kh_throw(env, KH_FAILED, "the operation cannot be set up");
  }
  memcpy(one->inputs, inputs.at, inputs.length);
  return queue_job(env, one);
}

static napi_value sign_later(napi_env env, napi_callback_info info) {
  return later(env, info, KH_SIGNS);
}

static napi_value decrypt_later(napi_env env, napi_callback_info info) {
  return later(env, info, KH_DECRYPTS);
}

void kh_export_later(napi_env env, napi_value exports) {
  kh_export(env, exports, "decryptLater", decrypt_later);
  kh_export(env, exports, "signLater", sign_later);
}
