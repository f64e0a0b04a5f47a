/*
 * Settings special: the kinds of settings that have one row or two, and several arguments mostly.
 *
 * settings_value.c calls these for every kind from SETTING_ADDRESSES on; the promises are the same.
 */
#ifndef SHOAL_SHARD_ADMIN_SETTINGS_SPECIAL_H
#define SHOAL_SHARD_ADMIN_SETTINGS_SPECIAL_H

#include "base/buffer.h"
#include "base/bytes.h"
#include "shard/admin/settings.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sets a field; returns NULL, or what is wrong, which lives as long as the program. */
const char *settings_special_set(enum setting_kind kind, void *field, const struct bytes *args,
                                 size_t nargs, bool add);

void settings_special_print(enum setting_kind kind, const void *field, struct buffer *out);
void settings_special_write(const struct setting *row, const void *field, struct buffer *out);
void settings_special_copy(enum setting_kind kind, void *to, const void *from);
void settings_special_deinit(enum setting_kind kind, void *field);

/* Appends a number of bytes in the largest unit that divides it: "64mb", "3000". */
void settings_special_write_memory(uint64_t bytes, struct buffer *out);

/* A copy with a NUL at the end, to be freed by alloc_free(). */
char *settings_special_string(struct bytes text);

#endif
