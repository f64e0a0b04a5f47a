/*
 * Scan: SCAN's cursors, and what SCAN and RANDOMKEY do on a shard.
 *
 * A cursor is the number slot << 32 | position in the slot: 0 starts a scan, and
 * 0 is what the last page answers. The session parses the cursor, asks the shard
 * that owns the cursor's slot to run op_scan(), and passes its answer on. A page
 * ends at the latest where slots of another shard begin that may have keys, so it may
 * be empty; its cursor then belongs to the other shard.
 */
#ifndef SHOAL_ENGINE_COMMANDS_SCAN_H
#define SHOAL_ENGINE_COMMANDS_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

struct op;

/*
 * Reads a cursor the way strtoul() reads a number, as Redis does: a sign, leading
 * zeros and the empty text are fine, and a NUL ends it. False: "ERR invalid cursor".
 * Numbers that no page ever answered are valid too: their slot is SLOT_COUNT, the end.
 */
bool scan_cursor_parse(struct bytes text, uint32_t *slot, uint64_t *position);

/* SCAN cursor [MATCH pattern] [COUNT count] [TYPE type], on the shard of the cursor's
 * slot (any shard for the end). Answers what SCAN answers, errors included. */
void op_scan(struct op *op);

/* A shard's part of RANDOMKEY: an array of how many keys its database has and the
 * name of one that has not expired; of 0 and nil if none was found, whatever has expired
 * and not been deleted yet. */
void op_randomkey(struct op *op);

#endif
