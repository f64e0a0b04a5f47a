/*
 * Settings text: what some strings among the settings may hold.
 *
 * Each function returns NULL when a value will do, and otherwise says what is wrong with it.
 */
#ifndef SHOAL_SHARD_ADMIN_SETTINGS_TEXT_H
#define SHOAL_SHARD_ADMIN_SETTINGS_TEXT_H

#include "base/bytes.h"

/* proc-title-template: known variables in braces, and a result that is not blank. */
const char *settings_text_check_title(struct bytes value);

/* dbfilename: no path. */
const char *settings_text_check_dump_name(struct bytes value);

/* appendfilename and appenddirname: not empty, no path. */
const char *settings_text_check_append_name(struct bytes value);
const char *settings_text_check_append_dir(struct bytes value);

/* cluster-announce-hostname: up to 255 letters, digits, hyphens and dots. */
const char *settings_text_check_hostname(struct bytes value);

/* cluster-announce-human-nodename: none of the characters that nodes.conf gives a meaning. */
const char *settings_text_check_node_name(struct bytes value);

#endif
