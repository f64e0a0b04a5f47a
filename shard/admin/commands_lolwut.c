/*
 * LOLWUT [VERSION version] [columns [rows [seed]]]: a picture and the version.
 *
 * There is one kind of picture so far, whatever version is asked for. Sizes are taken as
 * near as possible; with the same seed the picture is the same.
 */
#include "base/bits.h"
#include "base/buffer.h"
#include "base/number.h"
#include "base/random.h"
#include "engine/commands/session_handlers.gen.h"
#include "shard/admin/fish.h"
#include "shard/runtime/shard.h"
#include "shard/session/client.h"
#include "shard/session/server.h"
#include "shard/session/session.h"

#define COLUMNS 66
#define ROWS 12

enum { NUMBER_COLUMNS, NUMBER_ROWS, NUMBER_SEED, NUMBERS };

static unsigned within(int64_t value, unsigned least, unsigned most)
{
    return value < (int64_t)least ? least : value > (int64_t)most ? most : (unsigned)value;
}

/* Numbers given are put in; false: one is not a number, an error was replied. What
 * follows them is for pictures that are not drawn here. */
static bool numbers_parse(struct client *client, int64_t numbers[NUMBERS])
{
    int first = 1;
    int64_t version;
    bool valid = true;
    if (client->argc >= 3 && bytes_equal_nocase(client->argv[1], "version")) {
        valid = number_parse_i64(client->argv[2], &version);
        first = 3;
    }
    for (int i = 0; valid && i < NUMBERS && first + i < client->argc; i++)
        valid = number_parse_i64(client->argv[first + i], &numbers[i]);
    if (!valid)
        reply_error(&client->reply, "ERR value is not an integer or out of range");
    return valid;
}

void cmd_lolwut(struct client *client)
{
    int64_t numbers[NUMBERS] = {
        COLUMNS, ROWS, (int64_t)rng_next(&client->shard->keyspace.rng)};
    if (!numbers_parse(client, numbers))
        return;
    struct buffer text;
    buffer_init(&text);
    fish_draw(&text, within(numbers[NUMBER_COLUMNS], FISH_COLUMNS_MIN, FISH_COLUMNS_MAX),
              within(numbers[NUMBER_ROWS], FISH_ROWS_MIN, FISH_ROWS_MAX),
              (uint64_t)numbers[NUMBER_SEED]);
    buffer_appendf(&text, "\nShoal ver. %s\n", client->session->server->version);
    reply_verbatim(&client->reply, buffer_bytes(&text), "txt");
    buffer_deinit(&text);
}
