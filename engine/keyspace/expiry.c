/*
 * Expiry: see expiry.h.
 *
 * LEVELS wheels of 64 places each; a place of level l spans 64^l ticks. A note
 * lies at the lowest level at which its tick and the current one differ only in
 * that level's digit. When the wheel turns into a place of a higher level, the
 * notes of that place are handed out as due: the caller finds keys that have not
 * expired yet and adds them again, which puts them at a lower level. A key thus
 * costs at most LEVELS look-ups in its life.
 */
#include "engine/keyspace/expiry.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"

#define LEVELS 6
#define PLACES 64
#define CHUNK_NOTES 14
#define HASH_SHIFT (64 - EXPIRY_HASH_BITS)

struct chunk {
    struct chunk *next;
    uint32_t notes[CHUNK_NOTES]; /* 8 + 14 * 4: one cache line */
};

struct place {
    struct chunk *first;
    uint32_t in_first; /* notes in the first chunk; the others are full */
};

struct expiry_wheel {
    int64_t tick; /* all notes of earlier ticks have been handed out */
    size_t notes, chunks;
    struct place due; /* being handed out */
    uint64_t busy[LEVELS]; /* bit p: place p holds notes */
    struct place places[LEVELS][PLACES];
};

struct expiry_wheel *expiry_new(int64_t now_ms)
{
    struct expiry_wheel *wheel = alloc_zeroed(sizeof *wheel);
    wheel->tick = now_ms / EXPIRY_TICK_MS;
    return wheel;
}

static void place_free(struct place *place)
{
    for (struct chunk *c = place->first, *next; c != NULL; c = next) {
        next = c->next;
        alloc_free(c);
    }
}

void expiry_free(struct expiry_wheel *wheel)
{
    if (wheel == NULL)
        return;
    place_free(&wheel->due);
    for (int level = 0; level < LEVELS; level++)
        for (int i = 0; i < PLACES; i++)
            place_free(&wheel->places[level][i]);
    alloc_free(wheel);
}

static void place_add(struct expiry_wheel *wheel, struct place *place, uint32_t note)
{
    if (place->first == NULL || place->in_first == CHUNK_NOTES) {
        struct chunk *chunk = alloc_get(sizeof *chunk);
        chunk->next = place->first;
        place->first = chunk;
        place->in_first = 0;
        wheel->chunks++;
    }
    place->first->notes[place->in_first++] = note;
}

static unsigned digit(int64_t tick, int level)
{
    return (unsigned)(tick >> (6 * level)) & (PLACES - 1);
}

void expiry_add(struct expiry_wheel *wheel, uint16_t slot, uint64_t hash, int64_t at_ms)
{
    /* The tick that begins after the expiry; never the past. */
    int64_t tick = at_ms / EXPIRY_TICK_MS + 1;
    if (tick <= wheel->tick)
        tick = wheel->tick + 1;
    uint32_t note = (uint32_t)slot << EXPIRY_HASH_BITS | (uint32_t)(hash >> HASH_SHIFT);
    uint64_t differ = (uint64_t)(tick ^ wheel->tick);
    int level = (63 - __builtin_clzll(differ)) / 6;
    unsigned at;
    if (level < LEVELS) {
        at = digit(tick, level);
    } else { /* further than the wheel reaches: looked at again after a turn */
        level = LEVELS - 1;
        at = (digit(wheel->tick, level) + PLACES - 1) % PLACES;
    }
    place_add(wheel, &wheel->places[level][at], note);
    wheel->busy[level] |= UINT64_C(1) << at;
    wheel->notes++;
}

/* Moves on to the next tick at which notes fall due, not beyond `until`. */
static void wheel_advance(struct expiry_wheel *wheel, int64_t until)
{
    while (wheel->tick < until) {
        /* Skip to the next busy place of the lowest level, or its wrap. */
        unsigned now = digit(wheel->tick, 0);
        uint64_t ahead = now == PLACES - 1 ? 0 : wheel->busy[0] >> (now + 1);
        int64_t next = ahead != 0 ? wheel->tick + 1 + __builtin_ctzll(ahead)
                                  : (wheel->tick | (PLACES - 1)) + 1;
        if (next > until) {
            wheel->tick = until;
            return;
        }
        wheel->tick = next;
        int level = 0;
        while (level < LEVELS - 1 && digit(next, level) == 0)
            level++;
        bool found = false;
        for (; level >= 0; level--) {
            unsigned at = digit(next, level);
            if (!(wheel->busy[level] >> at & 1))
                continue;
            struct place *place = &wheel->places[level][at];
            if (!found) {
                wheel->due = *place;
                found = true;
            } else { /* a higher level was due in the same tick: chain them */
                for (struct chunk *c = place->first; c != NULL; c = c->next) {
                    uint32_t count = c == place->first ? place->in_first : CHUNK_NOTES;
                    for (uint32_t i = 0; i < count; i++)
                        place_add(wheel, &wheel->due, c->notes[i]);
                }
                for (struct chunk *c = place->first, *after; c != NULL; c = after) {
                    after = c->next;
                    alloc_free(c);
                    wheel->chunks--;
                }
            }
            *place = (struct place){0};
            wheel->busy[level] &= ~(UINT64_C(1) << at);
        }
        if (found)
            return;
    }
}

bool expiry_next(struct expiry_wheel *wheel, int64_t now_ms, struct expiry_note *note)
{
    if (wheel->due.first == NULL) {
        wheel_advance(wheel, now_ms / EXPIRY_TICK_MS);
        if (wheel->due.first == NULL)
            return false;
    }
    struct place *due = &wheel->due;
    uint32_t packed = due->first->notes[--due->in_first];
    if (due->in_first == 0) {
        struct chunk *empty = due->first;
        due->first = empty->next;
        due->in_first = CHUNK_NOTES;
        alloc_free(empty);
        wheel->chunks--;
    }
    assert(wheel->notes > 0);
    wheel->notes--;
    note->slot = (uint16_t)(packed >> EXPIRY_HASH_BITS);
    note->hash_part = packed & ((1u << EXPIRY_HASH_BITS) - 1);
    return true;
}

void expiry_again(struct expiry_wheel *wheel, struct expiry_note note)
{
    place_add(wheel, &wheel->due, (uint32_t)note.slot << EXPIRY_HASH_BITS | note.hash_part);
    wheel->notes++;
}

size_t expiry_count(const struct expiry_wheel *wheel)
{
    return wheel->notes;
}

size_t expiry_bytes(const struct expiry_wheel *wheel)
{
    return sizeof *wheel + wheel->chunks * sizeof(struct chunk);
}
