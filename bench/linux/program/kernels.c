/* The list of kernels, integer ones first. */
#include "kernel.h"

const struct kernel kernels[] = {
    {"coremark-mix", coremark_mix}, {"dhrystone", dhrystone_like},   {"sieve", sieve},
    {"matmul", integer_matmul},     {"sha256", sha256},              {"qsort", sort},
    {"strings", strings},           {"crc32", crc32},                {"hash-chase", hash_chase},
    {"interpreter", interpreter},   {"fib", fib},                    {"div-mul", divide_multiply},
    {"stream", stream},             {"lz", lz},                      {"nbody", nbody},
    {"float-matmul", float_matmul}, {"fft", fft},                    {"mandelbrot", mandelbrot},
    {0, 0},
};
