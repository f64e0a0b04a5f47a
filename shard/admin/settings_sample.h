/*
 * Settings sample: the configuration file that explains all settings.
 */
#ifndef SHOAL_SHARD_ADMIN_SETTINGS_SAMPLE_H
#define SHOAL_SHARD_ADMIN_SETTINGS_SAMPLE_H

#include "base/buffer.h"

/*
 * Appends the sample. Loading it changes nothing: each setting is there with its default and behind
 * a '#'. Hidden settings and older names are left out.
 */
void settings_sample(struct buffer *out);

#endif
