/* Gravity among five bodies in double precision, with a square root and a division per pair. */
#include "guest.h"

PARAMETERS(300000);

enum { BODIES = 5 };

static const double STEP = 0.005;

struct body {
  double x, y, z, vx, vy, vz, mass;
};

static struct body bodies[BODIES];

static double square_root(double value) {
  double root;
  __asm__("fsqrt.d %0, %1" : "=f"(root) : "f"(value));
  return root;
}

/* A made-up system: near-circular orbits round a heavy centre. */
static void place(void) {
  bodies[0] = (struct body){0, 0, 0, 0, 0, 0, 40.0};
  for (int i = 1; i < BODIES; i++) {
    double radius = 4.0 + 3.5 * i;
    double speed = square_root(40.0 / radius);
    bodies[i] = (struct body){radius, 0.25 * i, -0.125 * i, 0.01 * i, speed, 0.05 * i, 0.002 * i};
  }
}

static void attract(struct body *a, struct body *b) {
  double dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z;
  double square = dx * dx + dy * dy + dz * dz;
  double pull = STEP / (square * square_root(square));
  a->vx -= dx * b->mass * pull;
  a->vy -= dy * b->mass * pull;
  a->vz -= dz * b->mass * pull;
  b->vx += dx * a->mass * pull;
  b->vy += dy * a->mass * pull;
  b->vz += dz * a->mass * pull;
}

static NO_INLINE void advance(void) {
  for (int i = 0; i < BODIES; i++) {
    for (int j = i + 1; j < BODIES; j++) attract(&bodies[i], &bodies[j]);
  }
  for (int i = 0; i < BODIES; i++) {
    bodies[i].x += STEP * bodies[i].vx;
    bodies[i].y += STEP * bodies[i].vy;
    bodies[i].z += STEP * bodies[i].vz;
  }
}

static u64 checksum(void) {
  u64 sum = 0;
  for (int i = 0; i < BODIES; i++) {
    union {
      double number;
      u64 bits;
    } x = {bodies[i].x}, vy = {bodies[i].vy};
    sum = sum * 31 + x.bits;
    sum = sum * 31 + vy.bits;
  }
  return sum;
}

void guest_main(u64 hart, u64 harts) {
  (void)harts;
  if (hart != 0) return;
  place();
  for (u64 i = 0; i < parameters.iterations; i++) advance();
  put_result("nbody", checksum());
}
