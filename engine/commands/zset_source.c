/* Zset source: see zset_source.h. */
#include "engine/commands/zset_source.h"

#include "engine/commands/zset_key.h"

bool zset_source_open(struct op *op, int i, struct zset_source *source)
{
    struct key key = op_key(op, i);
    source->weight = 1;
    return zset_key_read(op, &key, &source->zset, NULL);
}

size_t zset_source_count(const struct zset_source *source)
{
    return zset_count(&source->zset);
}

bool zset_source_score(const struct zset_source *source, struct bytes member, double *score)
{
    return zset_score(&source->zset, member, score);
}

void zset_source_each(const struct zset_source *source,
                      bool (*visit)(void *ctx, struct bytes member, double score), void *ctx)
{
    struct zset_cursor c = zset_at(&source->zset, 0);
    for (; zset_valid(&c); zset_next(&c)) {
        char scratch[ZSET_SCRATCH];
        struct bytes member;
        double score;
        zset_get(&c, &member, &score, scratch);
        if (!visit(ctx, member, score))
            return;
    }
}
