/*
 * Hashes, arguments: what the commands about the expiry of fields read alike.
 */
#ifndef SHOAL_ENGINE_COMMANDS_HASHES_ARGS_H
#define SHOAL_ENGINE_COMMANDS_HASHES_ARGS_H

#include <stdbool.h>
#include <stdint.h>

struct op;

/* Reads FIELDS count field... from argv[at] to the end; false: an error was replied, the
 * one given where the count is no positive integer. The fields begin at argv[at + 2]. */
bool hashes_fields(struct op *op, int at, const char *bad_count);

/* The same with the error most commands have. */
bool hashes_fields_from(struct op *op, int at);

/* Reads the time in argv[i], in seconds or milliseconds, from now on or since 1970, as ms
 * since 1970; false: an error was replied. */
bool hashes_expiry(struct op *op, int i, bool seconds, bool relative, int64_t *at_ms);

/* Whether argv[i] is EX, PX, EXAT or PXAT, and which. */
bool hashes_expiry_word(const struct op *op, int i, bool *seconds, bool *relative);

#endif
