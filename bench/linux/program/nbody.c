/* Planets that attract each other: multiply-adds, square roots, divisions, all operands in registers. */
#include "kernel.h"

enum { BODIES = 5, STEPS = 500 };

struct body {
  double x, y, z, vx, vy, vz, mass;
};

static struct body bodies[BODIES];

static NO_INLINE void attract(double time) {
  for (int i = 0; i < BODIES; i++) {
    struct body *a = &bodies[i];
    for (int j = i + 1; j < BODIES; j++) {
      struct body *b = &bodies[j];
      double dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z;
      double square = multiply_add(dx, dx, multiply_add(dy, dy, multiply_add(dz, dz, 0.01)));
      double pull = time / (square * __builtin_sqrt(square));
      double to_a = b->mass * pull, to_b = a->mass * pull;
      a->vx = multiply_add(-dx, to_a, a->vx), b->vx = multiply_add(dx, to_b, b->vx);
      a->vy = multiply_add(-dy, to_a, a->vy), b->vy = multiply_add(dy, to_b, b->vy);
      a->vz = multiply_add(-dz, to_a, a->vz), b->vz = multiply_add(dz, to_b, b->vz);
    }
  }
}

static NO_INLINE void move(double time) {
  for (int i = 0; i < BODIES; i++) {
    struct body *a = &bodies[i];
    a->x = multiply_add(time, a->vx, a->x);
    a->y = multiply_add(time, a->vy, a->y);
    a->z = multiply_add(time, a->vz, a->z);
  }
}

u64 nbody(u64 repeat) {
  u64 random = 11, sum = 0;
  for (int i = 0; i < BODIES; i++) {
    bodies[i] = (struct body){
        .x = 10 * random_unit(&random),
        .y = 10 * random_unit(&random),
        .z = random_unit(&random),
        .vx = random_unit(&random) - 0.5,
        .vy = random_unit(&random) - 0.5,
        .vz = 0,
        .mass = i ? random_unit(&random) : 40,
    };
  }
  for (u64 round = 0; round < repeat; round++) {
    for (int step = 0; step < STEPS; step++) {
      attract(0.001);
      move(0.001);
    }
    for (int i = 0; i < BODIES; i++) sum = mix_double(sum, bodies[i].x + bodies[i].y);
  }
  return sum;
}
