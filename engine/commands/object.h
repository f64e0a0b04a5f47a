/* Object: what clients are told about how a value is stored. */
#ifndef SHOAL_ENGINE_COMMANDS_OBJECT_H
#define SHOAL_ENGINE_COMMANDS_OBJECT_H

#include <stddef.h>

struct entry;
struct keyspace;

/* The name of the encoding, as OBJECT ENCODING answers it. */
const char *object_encoding_name(const struct keyspace *ks, const struct entry *e);

/* Bytes allocated for an entry and its value. Of a large value that many elements are
 * looked at and the others estimated (0: all are looked at). */
size_t object_bytes(const struct keyspace *ks, const struct entry *e, size_t samples);

#endif
