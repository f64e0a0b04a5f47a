/* Memory figures: what INFO and MEMORY make of the bytes that a survey found. */
#ifndef SHOAL_SHARD_ADMIN_MEMORY_FIGURES_H
#define SHOAL_SHARD_ADMIN_MEMORY_FIGURES_H

#include <stdint.h>

struct figures;
struct session;

struct memory_figures {
    uint64_t used, peak, startup, resident, overhead, dataset;
    uint64_t keys, bytes_per_key;
    double peak_percent, dataset_percent;
    double fragmentation; /* resident to used */
    int64_t fragmentation_bytes;
};

/* From figures with FIGURES_MEMORY and FIGURES_KEYS; on a shard's thread. */
struct memory_figures memory_figures(struct session *session, const struct figures *total);

#define MEMORY_HUMAN_SIZE 32
/* A size as people read it: "1.00M". */
void memory_human(char text[static MEMORY_HUMAN_SIZE], uint64_t bytes);

#endif
