/* Memory figures: see memory_figures.h. */
#include "shard/admin/memory_figures.h"

#include <stdio.h>

#include "shard/admin/figures.h"
#include "shard/session/server.h"
#include "shard/session/session.h"

struct memory_figures memory_figures(struct session *session, const struct figures *total)
{
    struct memory_figures m = {
        .used = total->memory_bytes,
        .peak = figures_peak(session, total->memory_bytes),
        .startup = atomic_load(&session->server->startup_memory),
        .resident = figures_resident(),
    };
    m.overhead = m.startup + total->clients_bytes;
    for (uint16_t i = 0; i < total->db_count; i++) {
        m.keys += total->dbs[i].keys;
        m.overhead += total->dbs[i].table_bytes + total->dbs[i].expires_bytes;
    }
    m.dataset = m.used > m.overhead ? m.used - m.overhead : 0;
    uint64_t net = m.used > m.startup ? m.used - m.startup : 1;
    m.peak_percent = m.peak == 0 ? 0 : (double)m.used * 100 / (double)m.peak;
    m.dataset_percent = (double)m.dataset * 100 / (double)net;
    m.bytes_per_key = m.keys == 0 ? 0 : net / m.keys;
    m.fragmentation = m.used == 0 ? 0 : (double)m.resident / (double)m.used;
    m.fragmentation_bytes = (int64_t)(m.resident - m.used);
    return m;
}

void memory_human(char text[static MEMORY_HUMAN_SIZE], uint64_t bytes)
{
    static const char units[] = "KMGTP";
    if (bytes < 1024) {
        snprintf(text, MEMORY_HUMAN_SIZE, "%lluB", (unsigned long long)bytes);
        return;
    }
    double value = (double)bytes / 1024;
    int unit = 0;
    for (; value >= 1024 && units[unit + 1] != 0; unit++)
        value /= 1024;
    snprintf(text, MEMORY_HUMAN_SIZE, "%.2f%c", value, units[unit]);
}
