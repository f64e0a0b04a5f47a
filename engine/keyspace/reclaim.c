/* Reclaim: see reclaim.h. */
#include "engine/keyspace/reclaim.h"

#include "base/alloc.h"
#include "base/bits.h"

#define OBJECT_AT_ONCE 64             /* elements */
#define BLOB_AT_ONCE (1024 * 1024)    /* bytes */
#define ENTRY_WORTH_BYTES (32 * 1024) /* giving back so many costs as much as an entry */

enum garbage {
    GARBAGE_SLOTS,
    GARBAGE_OBJECT,
    GARBAGE_BLOB,
};

struct reclaim {
    struct reclaim *next;
    enum garbage kind;
    union {
        struct table *slots;
        void *object;
        struct blob *blob;
    };
    const struct object_type *type;
    size_t done; /* slots that are free; bytes of the blob given back */
};

static void garbage_add(struct keyspace *ks, struct reclaim garbage, size_t keys)
{
    ks->reclaim.keys += keys;
    struct reclaim *job = alloc_get(sizeof *job);
    *job = garbage;
    if (ks->reclaim.first == NULL)
        ks->reclaim.first = job;
    else
        ks->reclaim.last->next = job;
    ks->reclaim.last = job;
}

void reclaim_blob(struct keyspace *ks, struct blob *blob)
{
    if (!blob_drop(blob))
        return;
    if (blob->cap <= BLOB_AT_ONCE)
        alloc_free(blob);
    else
        garbage_add(ks, (struct reclaim){.kind = GARBAGE_BLOB, .blob = blob}, 1);
}

void reclaim_object(struct keyspace *ks, const struct object_type *type, void *object)
{
    if (type->count(object) > OBJECT_AT_ONCE)
        garbage_add(ks, (struct reclaim){.kind = GARBAGE_OBJECT, .object = object, .type = type},
                    1);
    else
        while (!type->free_some(object, SIZE_MAX))
            ;
}

void reclaim_slots(struct keyspace *ks, struct table *slots, size_t keys)
{
    garbage_add(ks, (struct reclaim){.kind = GARBAGE_SLOTS, .slots = slots}, keys);
}

struct drain {
    struct keyspace *ks;
    size_t freed;
};

static void drain_entry(void *ctx, void *item)
{
    struct drain *drain = ctx;
    struct entry *e = item;
    uint64_t keys = drain->ks->reclaim.keys;
    if (e->encoding != ENCODING_EMBEDDED)
        keyspace_free_value(drain->ks, entry_value(e));
    if (drain->ks->reclaim.keys == keys) /* otherwise a large value is counted when it is gone */
        drain->ks->counters.reclaimed++;
    drain->ks->reclaim.keys--;
    alloc_free(e);
    drain->freed++;
}

/* Each of these frees as much as *budget allows, less what it used. True: all is. */
static bool free_slots(struct keyspace *ks, struct reclaim *job, size_t *budget)
{
    struct drain drain = {.ks = ks};
    while (job->done < SLOT_COUNT && drain.freed < *budget) {
        if (!table_drain(&job->slots[job->done], drain_entry, &drain, *budget - drain.freed))
            job->done++;
    }
    *budget -= bits_min(*budget, drain.freed);
    if (job->done < SLOT_COUNT)
        return false;
    alloc_free(job->slots);
    return true;
}

static bool free_object(struct reclaim *job, size_t *budget)
{
    size_t elements = *budget;
    *budget = 0;
    return job->type->free_some(job->object, elements);
}

/* Gives the pages of a blob back bit by bit: all at once it would take long. */
static bool free_blob(struct reclaim *job, size_t *budget)
{
    size_t bytes;
    if (__builtin_mul_overflow(*budget, ENTRY_WORTH_BYTES, &bytes))
        bytes = SIZE_MAX;
    *budget = 0;
    bytes = bits_min(bytes, job->blob->cap - job->done);
    alloc_discard(job->blob->data + job->done, bytes);
    job->done += bytes;
    if (job->done < job->blob->cap)
        return false;
    alloc_free(job->blob);
    return true;
}

static bool free_some(struct keyspace *ks, struct reclaim *job, size_t *budget)
{
    switch (job->kind) {
    case GARBAGE_SLOTS:
        return free_slots(ks, job, budget);
    case GARBAGE_OBJECT:
        return free_object(job, budget);
    case GARBAGE_BLOB:
        return free_blob(job, budget);
    }
    return true;
}

bool keyspace_reclaim(struct keyspace *ks, size_t entries)
{
    while (ks->reclaim.first != NULL && entries > 0) {
        struct reclaim *job = ks->reclaim.first;
        if (!free_some(ks, job, &entries))
            break;
        ks->reclaim.first = job->next;
        if (job->kind != GARBAGE_SLOTS) {
            ks->reclaim.keys--;
            ks->counters.reclaimed++;
        }
        alloc_free(job);
    }
    return ks->reclaim.first != NULL;
}
