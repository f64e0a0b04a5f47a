/* Tx: see tx.h. */
#include "shard/runtime/tx.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "shard/runtime/node.h"
#include "shard/runtime/shard.h"

struct tx *tx_new(struct shard *home, uint32_t parts, void *ctx)
{
    struct tx *tx = alloc_zeroed(sizeof *tx + parts * sizeof tx->parts[0]);
    tx->home = home;
    tx->ctx = ctx;
    tx->part_count = parts;
    for (uint32_t i = 0; i < parts; i++)
        tx->parts[i].tx = tx;
    return tx;
}

/* On the home shard: a part is back. */
static void on_home(struct shard *shard, struct message *message)
{
    struct tx_part *part = container_of(message, struct tx_part, message);
    struct tx *tx = part->tx;
    assert(tx->home == shard && tx->out > 0);
    if (--tx->out == 0)
        tx->next(tx);
}

/* On the part's shard: sends it home. */
static void part_return(struct shard *shard, struct tx_part *part)
{
    struct message *message = &part->message;
    message->handle = on_home;
    shard_post(shard, part->tx->home->index, &message);
}

/* On the part's shard: gives its seat up. */
static void part_release(struct shard *shard, struct tx_part *part)
{
    locks_leave(&shard->locks, &part->seat);
    if (shard->node->hooks->released != NULL)
        shard->node->hooks->released(shard, &part->seat);
    locks_advance(&shard->locks, shard);
}

/* On the part's shard, its locks held: runs what it came for. */
static void part_run(struct shard *shard, struct seat *seat)
{
    struct tx_part *part = container_of(seat, struct tx_part, seat);
    if (part->hop != NULL)
        part->hop(shard, part);
    if (part->last)
        part_release(shard, part);
    part_return(shard, part);
}

static void part_hop(struct shard *shard, struct tx_part *part)
{
    if (part->seat.granted)
        part_run(shard, &part->seat);
    else
        part->seat.ready = true;
}

/* On the part's shard. */
static void on_part(struct shard *shard, struct message *message)
{
    struct tx_part *part = container_of(message, struct tx_part, message);
    assert(part->shard == shard->index);
    switch ((enum tx_errand)part->errand) {
    case ERRAND_SCHEDULE:
        part->turned_away = locks_schedule(&shard->locks, &part->seat) == LOCKS_RETRY;
        if (part->turned_away)
            part_return(shard, part);
        else
            part_hop(shard, part);
        break;
    case ERRAND_HOP:
        part_hop(shard, part);
        break;
    case ERRAND_RELEASE:
        part_release(shard, part);
        part_return(shard, part);
        break;
    }
}

static void part_send(struct tx_part *part, enum tx_errand errand, tx_hop_fn hop, bool last)
{
    struct tx *tx = part->tx;
    part->errand = (uint8_t)errand;
    part->hop = hop;
    part->last = last;
    struct message *message = &part->message;
    message->handle = on_part;
    shard_post(tx->home, part->shard, &message);
}

static void schedule(struct tx *tx);

static void on_cancelled(struct tx *tx)
{
    tx->retries++;
    schedule(tx);
}

static void on_scheduled(struct tx *tx)
{
    uint32_t held = 0;
    for (uint32_t i = 0; i < tx->part_count; i++) {
        tx->parts[i].held = !tx->parts[i].turned_away;
        held += tx->parts[i].held;
    }
    if (held == tx->part_count) {
        tx->ready(tx);
        return;
    }
    if (held == 0) {
        on_cancelled(tx);
        return;
    }
    tx->next = on_cancelled;
    tx->out = held;
    for (uint32_t i = 0; i < tx->part_count; i++) {
        if (!tx->parts[i].held)
            continue;
        tx->parts[i].held = false;
        part_send(&tx->parts[i], ERRAND_RELEASE, NULL, false);
    }
}

static void schedule(struct tx *tx)
{
    tx->id = node_next_tx(tx->home->node);
    tx->next = on_scheduled;
    tx->out = tx->part_count;
    for (uint32_t i = 0; i < tx->part_count; i++) {
        struct tx_part *part = &tx->parts[i];
        part->seat.id = tx->id;
        part->seat.run = part_run;
        part_send(part, ERRAND_SCHEDULE, tx->eager, false);
    }
}

void tx_start(struct tx *tx, tx_hop_fn eager, tx_step_fn ready)
{
    tx->eager = eager;
    tx->ready = ready;
    schedule(tx);
}

void tx_run(struct tx *tx, tx_hop_fn hop, bool last, tx_step_fn next)
{
    bool some = false;
    for (uint32_t i = 0; i < tx->part_count; i++)
        some = some || tx->parts[i].selected;
    tx->next = next;
    tx->out = 0;
    for (uint32_t i = 0; i < tx->part_count; i++)
        tx->out += !some || tx->parts[i].selected;
    for (uint32_t i = 0; i < tx->part_count; i++) {
        struct tx_part *part = &tx->parts[i];
        if (some && !part->selected)
            continue;
        assert(part->held);
        part->selected = false;
        part->held = !last;
        part_send(part, ERRAND_HOP, hop, last);
    }
}

static void on_released(struct tx *tx)
{
    if (tx->done != NULL)
        tx->done(tx);
    alloc_free(tx);
}

void tx_finish(struct tx *tx, tx_step_fn done)
{
    assert(tx->out == 0);
    tx->done = done;
    uint32_t held = 0;
    for (uint32_t i = 0; i < tx->part_count; i++)
        held += tx->parts[i].held;
    if (held == 0) {
        on_released(tx);
        return;
    }
    tx->next = on_released;
    tx->out = held;
    for (uint32_t i = 0; i < tx->part_count; i++) {
        if (!tx->parts[i].held)
            continue;
        tx->parts[i].held = false;
        part_send(&tx->parts[i], ERRAND_RELEASE, NULL, false);
    }
}
