/*
 * Settings value: the kinds of settings, each with its text.
 *
 * A field is where a struct settings keeps the value of a row. Strings and lists in it belong to
 * it. A field of zeroes is valid and empty for any kind.
 */
#ifndef SHOAL_SHARD_ADMIN_SETTINGS_VALUE_H
#define SHOAL_SHARD_ADMIN_SETTINGS_VALUE_H

#include "base/buffer.h"
#include "base/bytes.h"
#include "shard/admin/settings.h"
#include <stdbool.h>
#include <stddef.h>

/*
 * Sets a field from arguments. With `add`, kinds that are lists in a file get more instead of new
 * values. Returns 0, or -1 with Redis's text in `error` and the field as it was.
 */
int settings_value_set(const struct setting *row, void *field, const struct bytes *args,
                       size_t nargs, bool add, char *error, size_t error_size);

/* Appends the value as CONFIG GET shows it. */
void settings_value_print(const struct setting *row, const void *field, struct buffer *out);

/*
 * Appends the value as lines of a configuration file, each with its newline: one, none when the
 * absence of a line says it, or several.
 */
void settings_value_write(const struct setting *row, const void *field, struct buffer *out);

/* Makes a field of zeroes equal to another, sharing nothing. */
void settings_value_copy(const struct setting *row, void *to, const void *from);

/* Frees what a field holds and leaves zeroes. */
void settings_value_deinit(const struct setting *row, void *field);

#endif
