/* What C programs do with strings all day: length, copy, compare, search, split, format and parse. */
#include "kernel.h"

enum { TEXT_BYTES = 8192, WORDS_MAX = 4096, DIGITS_MAX = 20 };

static char text[TEXT_BYTES + 1], copy[TEXT_BYTES + 1], numbers[TEXT_BYTES + 1];
static char *words[WORDS_MAX];

static NO_INLINE u64 length_of(const char *s) {
  u64 length = 0;
  while (s[length]) length++;
  return length;
}

static NO_INLINE char *copy_string(char *to, const char *from) {
  while ((*to++ = *from++)) {
  }
  return to;
}

static NO_INLINE int compare_strings(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return (u8)*a - (u8)*b;
}

static NO_INLINE const char *find_character(const char *s, char wanted) {
  for (; *s; s++) {
    if (*s == wanted) return s;
  }
  return 0;
}

static NO_INLINE const char *find_string(const char *s, const char *wanted) {
  for (; (s = find_character(s, *wanted)); s++) {
    u64 i = 1;
    while (wanted[i] && s[i] == wanted[i]) i++;
    if (!wanted[i]) return s;
  }
  return 0;
}

static NO_INLINE u64 split(char *s) {
  u64 count = 0;
  while (*s && count < WORDS_MAX) {
    while (*s == ' ') *s++ = 0;
    if (*s) words[count++] = s;
    while (*s && *s != ' ') s++;
  }
  return count;
}

static NO_INLINE char *format_number(char *to, u32 value) {
  char digits[DIGITS_MAX];
  int count = 0;
  do digits[count++] = (char)('0' + value % 10);
  while (value /= 10);
  while (count) *to++ = digits[--count];
  *to = 0;
  return to;
}

static NO_INLINE u32 parse_number(const char **s) {
  u32 value = 0;
  while (**s >= '0' && **s <= '9') value = value * 10 + (u32)(*(*s)++ - '0');
  return value;
}

static void write_text(u64 *random) {
  u64 at = 0;
  while (at < TEXT_BYTES) {
    u64 bits = next_random(random), letters = 1 + (bits & 7);
    for (; letters && at < TEXT_BYTES; letters--, bits >>= 5) text[at++] = (char)('a' + (bits >> 3) % 26);
    if (at < TEXT_BYTES) text[at++] = ' ';
  }
  text[TEXT_BYTES] = 0;
}

static u64 compare_words(u64 count, u64 sum) {
  u64 ordered = 0, letters = 0;
  for (u64 i = 1; i < count; i++) {
    ordered += compare_strings(words[i - 1], words[i]) < 0;
    letters += length_of(words[i]);
  }
  return mix(mix(sum, ordered), letters);
}

static u64 format_and_parse(u64 *random, u64 sum) {
  char *end = numbers;
  while (end < numbers + TEXT_BYTES - DIGITS_MAX) {
    end = format_number(end, (u32)next_random(random) >> (end - numbers) % 31);
    *end++ = ',';
  }
  *end = 0;
  u64 total = 0;
  for (const char *s = numbers; *s; s++) total += parse_number(&s);
  return mix(sum, total);
}

u64 strings(u64 repeat) {
  u64 random = 4, sum = 0;
  for (u64 round = 0; round < repeat; round++) {
    write_text(&random);
    copy_string(copy, text);
    for (const char *at = copy; (at = find_string(at, "th")); at++) sum = mix(sum, (u64)(at - copy));
    sum = compare_words(split(copy), sum);
    sum = format_and_parse(&random, sum);
  }
  return sum;
}
