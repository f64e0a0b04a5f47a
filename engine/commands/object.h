/* Object: what clients are told about how a value is stored. */
#ifndef SHOAL_ENGINE_COMMANDS_OBJECT_H
#define SHOAL_ENGINE_COMMANDS_OBJECT_H

struct entry;

/* The name of the encoding, as OBJECT ENCODING answers it. */
const char *object_encoding_name(const struct entry *e);

#endif
