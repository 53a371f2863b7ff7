/* test_emulated.cpp - kernels.cu, emulated, gives the bits of cpu.c. */
#include <cfloat>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <vector>
#include "torch/kernels/cpu.h"
#include "torch/kernels/cuda.h"

extern const il_cuda_table il_cuda_kernels;

namespace
{

using floats = std::vector<float>;

#define CHECK(good, ...)                                                                                               \
    do {                                                                                                               \
        if (!(good)) {                                                                                                 \
            fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #good);                                                 \
            fprintf(stderr, __VA_ARGS__);                                                                              \
            fputc('\n', stderr);                                                                                       \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

uint64_t seed = 5;

/* A linear congruential generator's upper bits, from 0 to 1. */
float uniform()
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return static_cast<float>(seed >> 40) / (1 << 24);
}

void check_bits(const floats &found, const floats &expected, const char *what)
{
    for (size_t i = 0; i < expected.size(); i++)
        CHECK(memcmp(&found[i], &expected[i], sizeof(float)) == 0, "%s, value %zu: %.9g, expected %.9g", what, i,
              static_cast<double>(found[i]), static_cast<double>(expected[i]));
}

/* An element more than the picture has, which must stay as it is. */
void check_residual(int64_t pictures, il_pixel_picture p, bool published)
{
    const int64_t values = 3 * p.height * p.width;
    const size_t all = static_cast<size_t>(pictures * values);
    floats image(all), found(all + 1, 77), expected(all + 1, 77);
    floats room(static_cast<size_t>(il_cpu_residual_room(p.width, p.height)));
    std::vector<uint32_t> ranges(static_cast<size_t>(2 * pictures));
    for (float &v : image)
        v = std::floor(uniform() * 255.99f) / 255;
    CHECK(il_cuda_kernels.residual(found.data(), published ? ranges.data() : nullptr, image.data(), pictures, p, 0,
                                   nullptr) == 0,
          "launch");
    for (int64_t k = 0; k < pictures; k++) {
        float range[2], *out = expected.data() + k * values;
        il_cpu_residual(out, published ? range : nullptr, image.data() + k * values, p, 0, p.height, room.data());
        if (published)
            il_cpu_stretch(out, values, range[0], range[1]);
    }
    check_bits(found, expected, "residual");
}

struct pixels {
    floats logit, target;
    explicit pixels(size_t count)
    {
        for (size_t i = 0; i < count; i++) {
            logit.push_back((uniform() - 0.5f) * 30);
            target.push_back(i % 3 == 0 ? uniform() : static_cast<float>(i % 2));
        }
        logit[0] = std::numeric_limits<float>::infinity();
        logit[count - 1] = -200;
        target[count - 1] = 0;
    }
};

void check_focal(size_t count, double alpha, double gamma)
{
    pixels p(count);
    p.logit[0] = 0; /* an infinite logit gives NAN */
    const il_pixel_focal f = il_pixel_focal_of(alpha, gamma);
    const float scale = 0.7f;
    const auto n = static_cast<int64_t>(count);
    floats mean(1), expected_mean(1), slopes(count + 1, 77), expected(count + 1, 77);
    std::vector<double> room(IL_CUDA_PARTS);
    CHECK(il_cuda_kernels.focal_mean(mean.data(), room.data(), p.logit.data(), p.target.data(), n, f, 0, nullptr) == 0,
          "launch");
    expected_mean[0] = static_cast<float>(il_cpu_focal_sum(p.logit.data(), p.target.data(), n, f) /
                                          static_cast<double>(count));
    check_bits(mean, expected_mean, "focal loss");
    CHECK(il_cuda_kernels.focal_slopes(slopes.data(), &scale, p.logit.data(), p.target.data(), n, f, 0, nullptr) == 0,
          "launch");
    il_cpu_focal_slopes(expected.data(), p.logit.data(), p.target.data(), n, f, scale / static_cast<float>(n));
    check_bits(slopes, expected, "its slopes");
}

void check_counts(int64_t pictures, int64_t area)
{
    pixels p(static_cast<size_t>(pictures * area));
    p.logit[1] = std::numeric_limits<float>::quiet_NaN();
    for (int64_t i = 10; i < area / 2; i++) /* neighbours of one cell */
        p.logit[static_cast<size_t>(i)] = p.target[static_cast<size_t>(i)] = 1;
    std::vector<int64_t> found(static_cast<size_t>(pictures * 2 * IL_SCORE_BINS)), expected = found;
    CHECK(il_cuda_kernels.count(found.data(), p.logit.data(), p.target.data(), pictures, area, 0, nullptr) == 0,
          "launch");
    for (int64_t k = 0; k < pictures; k++)
        il_cpu_count(expected.data() + k * 2 * IL_SCORE_BINS, p.logit.data() + k * area, p.target.data() + k * area,
                     area);
    for (size_t i = 0; i < found.size(); i++)
        CHECK(found[i] == expected[i], "cell %zu: %lld, expected %lld", i, static_cast<long long>(found[i]),
              static_cast<long long>(expected[i]));
}

void check_look_up(size_t count)
{
    floats table(256), found(count + 1, 77), expected(count + 1, 77);
    std::vector<uint8_t> bytes(count);
    for (float &v : table)
        v = uniform();
    for (size_t i = 0; i < count; i++) {
        bytes[i] = static_cast<uint8_t>(uniform() * 255.99f);
        expected[i] = table[bytes[i]];
    }
    CHECK(il_cuda_kernels.look_up(found.data(), bytes.data(), table.data(), static_cast<int64_t>(count), 0, nullptr) ==
              0,
          "launch");
    check_bits(found, expected, "look-up");
}

} // namespace

int main()
{
    CHECK(il_cuda_kernels.version == IL_CUDA_VERSION && il_cuda_kernels.usable(0) == 0, "the table");
    for (int layout = 0; layout < 2; layout++) {
        check_residual(1, { 1, 1, layout }, true);
        check_residual(2, { 19, 37, layout }, true);
        check_residual(2, { 9, 33, layout }, false);
    }
    check_focal(1, 0.25, 2);
    check_focal(2999, 0.25, 2);
    check_focal(600, -1, 0);
    check_focal(600, 0.5, 1.5);
    check_counts(2, 9001);
    check_counts(1, 31);
    check_look_up(3001);
    return 0;
}
