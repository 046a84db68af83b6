/* Dependent loads over 3 MiB: a hash table with chains, filled, searched and partly emptied. */
#include "kernel.h"

enum { BUCKETS = 1 << 15, NODES = 1 << 16, LOOKUPS = 1 << 15, KEY_BITS = 17 };

struct node {
  struct node *next;
  u64 key, value, unused;
};

static struct node *buckets[BUCKETS];
static struct node nodes[NODES];

static inline u64 bucket_of(u64 key) {
  return key * 0x9e3779b97f4a7c15ul >> (64 - 15);
}

static NO_INLINE struct node *find(u64 key) {
  struct node *node = buckets[bucket_of(key)];
  while (node && node->key != key) node = node->next;
  return node;
}

static NO_INLINE void insert(struct node *node, u64 key, u64 value) {
  struct node **bucket = &buckets[bucket_of(key)];
  *node = (struct node){*bucket, key, value, 0};
  *bucket = node;
}

static NO_INLINE struct node *take(u64 key) {
  for (struct node **link = &buckets[bucket_of(key)]; *link; link = &(*link)->next) {
    if ((*link)->key != key) continue;
    struct node *node = *link;
    *link = node->next;
    return node;
  }
  return 0;
}

static inline u64 random_key(u64 *random) {
  return next_random(random) >> (64 - KEY_BITS);
}

u64 hash_chase(u64 repeat) {
  u64 random = 6, found = 0, sum = 0;
  for (u64 i = 0; i < BUCKETS; i++) buckets[i] = 0;
  for (u64 i = 0; i < NODES; i++) insert(&nodes[i], random_key(&random), i);
  for (u64 round = 0; round < repeat; round++) {
    for (u64 i = 0; i < LOOKUPS; i++) {
      struct node *node = find(random_key(&random));
      if (!node) continue;
      found++;
      sum += node->value;
    }
    for (u64 i = 0; i < LOOKUPS / 8; i++) {
      struct node *node = take(random_key(&random));
      if (node) insert(node, random_key(&random), node->value + round);
    }
  }
  return mix(mix(0, found), sum);
}
