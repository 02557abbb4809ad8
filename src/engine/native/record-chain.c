/**
 * The audit log's chain of one commit: docs/formats/audit.md. Nothing here is secret but the bodies,
 * which were JavaScript's text before; the older interface of SHA-256 costs less than a record.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "native.h"

#include <openssl/sha.h>
#include <string.h>

#define HASH SHA256_DIGEST_LENGTH
/** src/codec/canonical.ts: a tag and four bytes of length before each field. */
#define FIELD_HEAD 5
#define SALT 16
#define OVERHEAD (2 * FIELD_HEAD + SALT)
/** Far beyond what a cluster's id takes. */
#define LINK_INPUT_MAX 256

static unsigned char *write_field(unsigned char *out, char tag, const unsigned char *at,
                                  size_t length) {
  *out++ = (unsigned char)tag;
  for (int shift = 24; shift >= 0; shift -= 8) *out++ = (unsigned char)(length >> shift);
  memcpy(out, at, length);
  return out + length;
}

static bool fit(const kh_bytes *salts, const kh_bytes *bodies, const uint32_t *lengths,
                size_t count) {
  uint64_t total = 0;
  for (size_t index = 0; index < count; index++) total += lengths[index];
  return total == bodies->length && salts->length == count * SALT &&
         count <= KH_BYTES_MAX / (HASH + OVERHEAD) &&
         bodies->length <= KH_BYTES_MAX - (count + 1) * (HASH + OVERHEAD);
}

/** chainRecords(leafHead, linkInput, salts, bodies, lengths): leaves || link || salted bodies */
static napi_value chain_records(napi_env env, napi_callback_info info) {
  napi_value arguments[5];
  kh_bytes given[4];
  const uint32_t *lengths;
  size_t count;
  unsigned char link[LINK_INPUT_MAX], *out;
  SHA256_CTX head, hash;
  if (!kh_arguments(env, info, 5, arguments)) return NULL;
  for (int index = 0; index < 4; index++) {
    if (!kh_read_bytes(env, arguments[index], &given[index])) return NULL;
  }
  if (!kh_read_counts(env, arguments[4], &lengths, &count)) return NULL;
  const kh_bytes *leaf_head = &given[0], *link_input = &given[1], *salts = &given[2];
  const kh_bytes *bodies = &given[3];
  if (link_input->length > LINK_INPUT_MAX || link_input->length < 2 * HASH + FIELD_HEAD ||
      !fit(salts, bodies, lengths, count)) {
    return kh_throw(env, KH_BAD_ARGUMENT, "are no records of one commit");
  }
  size_t leaves = count * HASH;
  napi_value made = kh_new_bytes(env, leaves + HASH + count * OVERHEAD + bodies->length, &out);
  if (made == NULL) return NULL;
  memcpy(link, link_input->at, link_input->length);
  unsigned char *new_leaf = link + link_input->length - HASH;
  unsigned char *last_link = new_leaf - FIELD_HEAD - HASH;
  unsigned char *to = out + leaves + HASH;
  const unsigned char *body = bodies->at;
  SHA256_Init(&head);
  SHA256_Update(&head, leaf_head->at, leaf_head->length);
  for (size_t index = 0; index < count; index++) {
    unsigned char *start = to;
    to = write_field(to, 'b', salts->at + index * SALT, SALT);
    to = write_field(to, 's', body, lengths[index]);
    body += lengths[index];
    hash = head;
    SHA256_Update(&hash, start, (size_t)(to - start));
    SHA256_Final(new_leaf, &hash);
    memcpy(out + index * HASH, new_leaf, HASH);
    SHA256_Init(&hash);
    SHA256_Update(&hash, link, link_input->length);
    SHA256_Final(last_link, &hash);
  }
  memcpy(out + leaves, last_link, HASH);
  return made;
}

void kh_export_record_chain(napi_env env, napi_value exports) {
  kh_export(env, exports, "chainRecords", chain_records);
}
