/*
 * Fish: see fish.h. A water of spaces; the surface is drawn first, then weeds on the
 * ground, then fish, each where nothing is in its way, and bubbles last. A shoal swims
 * in one direction; now and then somebody does not.
 */
#include "shard/admin/fish.h"

#include <assert.h>
#include <string.h>

#include "base/bits.h"
#include "base/random.h"

#define CELLS_PER_FISH 45
#define AGAINST_ONE_IN 8 /* fish that swim the other way */

/* Each kind to the right and to the left, of the same length. */
static const struct {
    const char *right, *left;
} kinds[] = {
    {"><>", "<><"},
    {"><>", "<><"},
    {">><>", "<><<"},
    {"><((o>", "<o))><"},
    {"><(((\">", "<\")))><"},
    {">=>", "<=<"},
};

struct water {
    char cells[FISH_ROWS_MAX][FISH_COLUMNS_MAX];
    unsigned columns, rows;
    struct rng rng;
};

static unsigned below(struct water *water, unsigned n)
{
    return (unsigned)rng_below(&water->rng, n);
}

static void draw_surface(struct water *water)
{
    static const char waves[] = "~~^~-~";
    unsigned phase = below(water, sizeof waves - 1);
    for (unsigned x = 0; x < water->columns; x++)
        water->cells[0][x] = waves[(x + phase) % (sizeof waves - 1)];
}

static void draw_weeds(struct water *water)
{
    unsigned ground = water->rows - 1;
    for (unsigned x = below(water, 6); x < water->columns; x += 3 + below(water, 9)) {
        unsigned height = 1 + below(water, bits_max(1, water->rows / 3));
        for (unsigned y = 0; y < height && ground - y > 0; y++)
            water->cells[ground - y][x] = y % 2 == 0 ? '(' : ')';
    }
}

/* Whether a fish has water around it. */
static bool is_free(const struct water *water, unsigned x, unsigned y, unsigned len)
{
    unsigned from = x > 0 ? x - 1 : 0;
    unsigned to = (unsigned)bits_min(x + len + 1, water->columns);
    for (unsigned i = from; i < to; i++)
        if (water->cells[y][i] != ' ')
            return false;
    return true;
}

static void draw_fish(struct water *water)
{
    unsigned wanted = water->columns * water->rows / CELLS_PER_FISH + 1;
    bool right = below(water, 2) == 0;
    for (unsigned i = 0; i < wanted; i++) {
        bool against = below(water, AGAINST_ONE_IN) == 0;
        unsigned kind = below(water, countof(kinds));
        const char *fish = right != against ? kinds[kind].right : kinds[kind].left;
        unsigned len = (unsigned)strlen(fish);
        unsigned x = below(water, water->columns - len + 1);
        unsigned y = 1 + below(water, water->rows - 1);
        if (is_free(water, x, y, len))
            memcpy(&water->cells[y][x], fish, len);
    }
}

static void draw_bubbles(struct water *water)
{
    for (unsigned i = 0; i < water->columns / 6; i++) {
        unsigned x = below(water, water->columns), y = 1 + below(water, water->rows - 1);
        if (is_free(water, x, y, 1))
            water->cells[y][x] = below(water, 3) == 0 ? 'o' : '.';
    }
}

void fish_draw(struct buffer *out, unsigned columns, unsigned rows, uint64_t seed)
{
    struct water water = {.columns = columns, .rows = rows};
    assert(columns >= FISH_COLUMNS_MIN && columns <= FISH_COLUMNS_MAX);
    assert(rows >= FISH_ROWS_MIN && rows <= FISH_ROWS_MAX);
    memset(water.cells, ' ', sizeof water.cells);
    rng_init(&water.rng, seed);
    draw_surface(&water);
    draw_weeds(&water);
    draw_fish(&water);
    draw_bubbles(&water);
    for (unsigned y = 0; y < rows; y++) {
        unsigned len = columns;
        while (len > 0 && water.cells[y][len - 1] == ' ')
            len--;
        buffer_append(out, water.cells[y], len);
        buffer_append_char(out, '\n');
    }
}
