/*
 * Stream node: a run of entries of a stream in one listpack, behind the id of the first one
 * that was put in (the master id), which is not in the listpack but in the index.
 *
 *   count | deleted | fields n | field 1 ... field n | 0 | entry...            (the master)
 *   entry: flags | ms - master ms | seq - master seq | value 1 ... value n | pieces
 *     or   flags | ms ... | seq ... | fields n | field 1 | value 1 ... | pieces
 *
 * An entry whose fields are those of the master (SAME) has its values only. `pieces` is the
 * number of elements of the entry before it, so that entries can be walked backwards. Deleted
 * entries stay, flagged; a node whose entries are all deleted is freed by its owner. Source:
 * the format of Redis's RDB types 15, 19 and 21, which carry these bytes.
 *
 * A node is one block of the heap. It is trusted: bytes from outside go through
 * stream_node_valid() first.
 */
#ifndef SHOAL_ENGINE_TYPES_STREAM_NODE_H
#define SHOAL_ENGINE_TYPES_STREAM_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "engine/types/listpack.h"
#include "engine/types/stream_id.h"

/* A node as it is read; void once the node changes. */
struct stream_node {
    unsigned char *lp;
    struct stream_id master;
    size_t count, deleted; /* entries that are there, and that are flagged */
    size_t fields;         /* of the master */
    uint32_t fields_at;    /* the first of them; or the 0 behind, if there are none */
};

/* An entry of a node that was opened. */
struct stream_node_entry {
    struct stream_id id;
    uint32_t at; /* of the flags */
    bool deleted;
    size_t fields;
    size_t left;       /* fields that were not read yet */
    uint32_t field_at; /* of the next one, if the fields are the master's; else LISTPACK_NONE */
    uint32_t next_at;  /* what comes next of the entry: field, value, or in the end `pieces` */
};

/*
 * Adds an entry behind all others: the node, at the same address or another, and in *lp. lp is
 * NULL for a new node, whose master id the entry's becomes. pairs: fields and values in turn.
 * Without memory NULL, and nothing is changed.
 */
unsigned char *stream_node_append(unsigned char *lp, struct stream_id master, struct stream_id id,
                                  const struct bytes *pairs, size_t fields);

/* Gives back what the node does not use of its block; its address. */
unsigned char *stream_node_fit(unsigned char *lp);

void stream_node_open(struct stream_node *node, const unsigned char *lp, struct stream_id master);

/* The number of entries that are there. O(1). */
size_t stream_node_count(const unsigned char *lp);

/* The first and the last entry, deleted or not. */
void stream_node_first(const struct stream_node *node, struct stream_node_entry *e);
void stream_node_last(const struct stream_node *node, struct stream_node_entry *e);

/* To the neighbour of an entry, deleted or not; false: there is none. */
bool stream_node_next(const struct stream_node *node, struct stream_node_entry *e);
bool stream_node_prev(const struct stream_node *node, struct stream_node_entry *e);

/* The next field of an entry and its value, of which some are left; the scratches have
 * NUMBER_I64_MAX bytes each. */
void stream_node_field(const struct stream_node *node, struct stream_node_entry *e,
                       struct bytes *field, struct bytes *value, char *field_scratch,
                       char *value_scratch);

/* Flags an entry; the counters of the master are as before. */
void stream_node_flag(struct stream_node *node, const struct stream_node_entry *e);

/* Counts so many entries that were flagged as deleted; the address of the node. */
unsigned char *stream_node_recount(unsigned char *lp, size_t deleted);

/* Whether these bytes are a node; for data from outside. In files of Redis there are nodes whose
 * entries are all deleted (stream_node_count() is 0), which a stream here must not have. */
bool stream_node_valid(struct bytes bytes);

#endif
