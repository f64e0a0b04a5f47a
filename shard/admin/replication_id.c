/* Replication id: see replication_id.h. */
#include "shard/admin/replication_id.h"

#include <stdio.h>

#include "base/sha1.h"
#include "shard/runtime/node.h"
#include "shard/session/server.h"

void replication_id(const struct server *server, char id[static REPLICATION_ID_SIZE])
{
    char text[80];
    unsigned char digest[SHA1_BYTES];
    int len = snprintf(text, sizeof text, "%s:%llu", server->node->run_id,
                       (unsigned long long)atomic_load(&server->replication_ids));
    sha1(digest, text, (size_t)len);
    for (int i = 0; i < SHA1_BYTES; i++)
        snprintf(id + 2 * i, 3, "%02x", digest[i]);
}

void replication_id_change(struct server *server)
{
    atomic_fetch_add(&server->replication_ids, 1);
}
