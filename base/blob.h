/*
 * Blob: a large value's bytes, counted, so that a reply can refer to them while
 * the key changes or goes.
 *
 * A blob is born on one shard and counted without atomics there. Before a
 * reference crosses to another thread its owner calls blob_share(), after which
 * everybody counts atomically. Bytes are changed only by their only holder
 * (blob_sole()).
 */
#ifndef SHOAL_BASE_BLOB_H
#define SHOAL_BASE_BLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"

struct blob {
    uint32_t refs;   /* plain while not shared, atomic afterwards */
    uint32_t shared; /* written once, by the thread that owns it then */
    size_t len;
    size_t cap;
    char data[];
};

/* A blob of len bytes, not initialised, with room for cap; NULL without memory. */
static inline struct blob *blob_try(size_t len, size_t cap)
{
    if (cap > SIZE_MAX - sizeof(struct blob))
        return NULL;
    struct blob *blob = alloc_try(sizeof *blob + cap);
    if (blob != NULL) {
        blob->refs = 1;
        blob->shared = 0;
        blob->len = len;
        blob->cap = cap;
    }
    return blob;
}

static inline struct blob *blob_get(struct blob *blob)
{
    if (blob->shared)
        __atomic_fetch_add(&blob->refs, 1, __ATOMIC_RELAXED);
    else
        blob->refs++;
    return blob;
}

/* From now on references may be held by several threads. */
static inline void blob_share(struct blob *blob)
{
    if (!blob->shared)
        blob->shared = 1;
}

/* Whether the caller's reference is the only one. */
static inline bool blob_sole(const struct blob *blob)
{
    return __atomic_load_n(&blob->refs, __ATOMIC_ACQUIRE) == 1;
}

/* Drops a reference. True if it was the last: the caller frees the blob. */
static inline bool blob_drop(struct blob *blob)
{
    if (blob->shared)
        return __atomic_sub_fetch(&blob->refs, 1, __ATOMIC_ACQ_REL) == 0;
    return --blob->refs == 0;
}

static inline void blob_put(struct blob *blob)
{
    if (blob != NULL && blob_drop(blob))
        alloc_free(blob);
}

#endif
